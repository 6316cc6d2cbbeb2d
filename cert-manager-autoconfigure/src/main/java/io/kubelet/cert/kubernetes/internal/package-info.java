/**
 * Access to the API server: kubeconfig, credentials, clients, and watches. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal;

import org.jspecify.annotations.NullMarked;
