package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.Map;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.context.properties.ConfigurationProperties;
import org.springframework.boot.context.properties.bind.DefaultValue;

/**
 * The properties beyond those of the first certificate.
 *
 * @param enabled whether to enable the auto-configuration.
 * @param kubernetes the connection to the API server.
 * @param additional further certificates by name.
 */
@ConfigurationProperties(CertificateProperties.PREFIX)
public record CertManagerProperties(@DefaultValue("true") boolean enabled, @DefaultValue Kubernetes kubernetes,
		@DefaultValue Map<String, CertificateProperties> additional) {

	/**
	 * The connection to the API server.
	 *
	 * @param kubeconfig kubeconfig file. By default the pod's service account, then the
	 * file that KUBECONFIG names, then ~/.kube/config. With a bootstrap kubeconfig, it is
	 * written there if it is missing.
	 * @param bootstrapKubeconfig kubeconfig with the credentials for the first request.
	 * From then on the certificate itself is used.
	 * @param context context of the kubeconfig, of the bootstrap kubeconfig where there
	 * is one. By default its current one.
	 * @param apiClient the API client bean.
	 */
	public record Kubernetes(@Nullable Path kubeconfig, @Nullable Path bootstrapKubeconfig, @Nullable String context,
			@DefaultValue ApiClient apiClient) {

	}

	/**
	 * The API client bean.
	 *
	 * @param enabled whether to define an ApiClient bean that authenticates with the
	 * first certificate. Off by default, since having it loads the Kubernetes client at
	 * start.
	 */
	public record ApiClient(@DefaultValue("false") boolean enabled) {

	}

}
