package io.kubelet.cert.autoconfigure.settings;

import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

import org.jspecify.annotations.Nullable;

import org.springframework.boot.context.properties.ConfigurationProperties;

/**
 * All properties: those of the first certificate, and those that exist only once.
 */
@ConfigurationProperties(CertManagerProperties.PREFIX)
class CertManagerProperties extends CertificateProperties {

	static final String PREFIX = "kubelet.cert";

	/**
	 * Whether to enable the auto-configuration.
	 */
	private boolean enabled = true;

	/**
	 * The connection to the API server.
	 */
	private final Kubernetes kubernetes = new Kubernetes();

	/**
	 * Further certificates by name.
	 */
	private final Map<String, CertificateProperties> additional = new LinkedHashMap<>();

	public boolean isEnabled() {
		return this.enabled;
	}

	public void setEnabled(boolean enabled) {
		this.enabled = enabled;
	}

	public Kubernetes getKubernetes() {
		return this.kubernetes;
	}

	public Map<String, CertificateProperties> getAdditional() {
		return this.additional;
	}

	/**
	 * The connection to the API server.
	 */
	static class Kubernetes {

		/**
		 * Kubeconfig file. By default the pod's service account, then the file that
		 * KUBECONFIG names, then ~/.kube/config. With a bootstrap kubeconfig, the file is
		 * written if it does not exist.
		 */
		private @Nullable Path kubeconfig;

		/**
		 * Kubeconfig with the credentials for the first request. Later requests use the
		 * certificate itself.
		 */
		private @Nullable Path bootstrapKubeconfig;

		/**
		 * Context of the kubeconfig, or of the bootstrap kubeconfig if there is one. By
		 * default its current context.
		 */
		private @Nullable String context;

		/**
		 * The API client bean.
		 */
		private final ApiClient apiClient = new ApiClient();

		public @Nullable Path getKubeconfig() {
			return this.kubeconfig;
		}

		public void setKubeconfig(@Nullable Path kubeconfig) {
			this.kubeconfig = kubeconfig;
		}

		public @Nullable Path getBootstrapKubeconfig() {
			return this.bootstrapKubeconfig;
		}

		public void setBootstrapKubeconfig(@Nullable Path bootstrapKubeconfig) {
			this.bootstrapKubeconfig = bootstrapKubeconfig;
		}

		public @Nullable String getContext() {
			return this.context;
		}

		public void setContext(@Nullable String context) {
			this.context = context;
		}

		public ApiClient getApiClient() {
			return this.apiClient;
		}

	}

	/**
	 * The API client bean.
	 */
	static class ApiClient {

		/**
		 * Whether to define an ApiClient bean that authenticates with the first
		 * certificate. Off by default, because it loads the Kubernetes client at startup.
		 */
		private boolean enabled;

		public boolean isEnabled() {
			return this.enabled;
		}

		public void setEnabled(boolean enabled) {
			this.enabled = enabled;
		}

	}

}
