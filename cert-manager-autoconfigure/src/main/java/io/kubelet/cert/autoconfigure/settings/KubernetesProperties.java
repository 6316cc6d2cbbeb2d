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
 * one. By default its current context.
 * @param apiClient The ApiClient bean.
 */
public record KubernetesProperties(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig,
		@Nullable String context, @DefaultValue ApiClient apiClient) {

	/**
	 * Returns the context of the kubeconfig, other than for the first request. If there
	 * is a bootstrap kubeconfig, the configured context is one of that, and the
	 * kubeconfig that is written has its own.
	 * @return the context, {@code null} for the current one
	 */
	public @Nullable String laterContext() {
		return (this.bootstrapKubeconfig != null) ? null : this.context;
	}

	/**
	 * The ApiClient bean.
	 *
	 * @param enabled Whether to define an ApiClient bean that authenticates with the
	 * first certificate. It loads the Kubernetes client at startup.
	 */
	public record ApiClient(boolean enabled) {

	}

}
