/**
 * The work of a kubelet: the kinds of its certificates, its configuration file, the name
 * and the addresses of its node, the kubeconfig that it bootstraps, its self-signed pair
 * and its metrics. An application that needs a certificate for itself uses none of this.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.autoconfigure.kubelet;

import org.jspecify.annotations.NullMarked;
