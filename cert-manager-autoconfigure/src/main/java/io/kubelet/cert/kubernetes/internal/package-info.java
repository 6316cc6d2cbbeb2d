/**
 * Access to the API server: kubeconfig, credentials and clients. Internal.
 */
@NullMarked
package io.kubelet.cert.kubernetes.internal;

import org.jspecify.annotations.NullMarked;
