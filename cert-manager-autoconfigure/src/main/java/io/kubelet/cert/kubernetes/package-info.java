/**
 * Access to the API server: kubeconfig, credentials, clients, and watches. Internal,
 * except for {@link io.kubelet.cert.kubernetes.KubernetesConfigurationException}.
 */
@NullMarked
package io.kubelet.cert.kubernetes;

import org.jspecify.annotations.NullMarked;
