package io.kubelet.cert.kubernetes;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import org.jspecify.annotations.Nullable;

/**
 * The places where Kubernetes programs find their way to an API server.
 */
final class Kubeconfigs {

	/** What a pod is given: {@code token}, {@code ca.crt} and {@code namespace}. */
	static final Path SERVICE_ACCOUNT = Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

	private Kubeconfigs() {
	}

	static boolean isInCluster() {
		return System.getenv("KUBERNETES_SERVICE_HOST") != null && Files.exists(SERVICE_ACCOUNT.resolve("token"));
	}

	/** The address of the API server, as a pod is told. */
	static String serverOfPod() {
		String host = System.getenv("KUBERNETES_SERVICE_HOST");
		return "https://%s:%s".formatted((host != null && host.contains(":")) ? "[" + host + "]" : host,
				System.getenv("KUBERNETES_SERVICE_PORT"));
	}

	/** The file that is configured, else that of {@code KUBECONFIG}, else the user's. */
	static Path find(@Nullable Path configured) {
		if (configured != null) {
			return configured;
		}
		String variable = System.getenv("KUBECONFIG");
		if (variable != null && !variable.isBlank()) {
			return Path.of(variable.split(File.pathSeparator)[0]);
		}
		Path home = Path.of(System.getProperty("user.home"), ".kube", "config");
		if (!Files.exists(home)) {
			throw new KubernetesConfigurationException("No API server is configured: this is no pod (there is no "
					+ "service account token), the environment has no KUBECONFIG, and there is no " + home);
		}
		return home;
	}

	/** The namespace of the pod, else of the context, else {@code default}. */
	static String namespace(@Nullable Path configured, @Nullable String context) {
		try {
			String namespace = (configured == null && isInCluster())
					? Files.readString(SERVICE_ACCOUNT.resolve("namespace")).trim()
					: KubeconfigFile.read(find(configured), context).namespace();
			return (namespace != null) ? namespace : "default";
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The namespace of the pod", "read", ex);
		}
	}

}
