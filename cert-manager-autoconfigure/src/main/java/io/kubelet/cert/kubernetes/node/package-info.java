/**
 * What a node needs: the kubeconfig that is written when it bootstraps, and addresses.
 * Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.node;

import org.jspecify.annotations.NullMarked;
