package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * How the API server is reached.
 *
 * @param kubeconfig Kubeconfig file. By default the pod's service account, then the first
 * existing file in KUBECONFIG, then ~/.kube/config. With a bootstrap kubeconfig, the file
 * is written unless it has a valid client certificate.
 * @param bootstrapKubeconfig Kubeconfig with the credentials for the first request. Later
 * requests use the certificate itself.
 * @param context Context of the kubeconfig, or of the bootstrap kubeconfig if there is
 * one. By default the one that is current at startup.
 * @param apiClient The ApiClient bean.
 */
public record KubernetesProperties(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig,
		@Nullable String context, @DefaultValue ApiClient apiClient) {

	/**
	 * The ApiClient bean.
	 *
	 * @param enabled Whether to define an ApiClient bean that authenticates with the
	 * first certificate. It loads the Kubernetes client at startup.
	 */
	public record ApiClient(boolean enabled) {

	}

}
