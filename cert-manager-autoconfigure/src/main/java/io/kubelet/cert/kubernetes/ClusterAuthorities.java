package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * Finds the certificate authority of the cluster: what the kubeconfig names, or what the
 * pod was given. An application that starts with a stored certificate asks for it, so it
 * is found without the Kubernetes client, whose classes take their time to load.
 */
public final class ClusterAuthorities {

	private ClusterAuthorities() {
	}

	/**
	 * Read the authorities.
	 * @param kubeconfig the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 * @return the authorities, empty if none are named
	 * @throws KubernetesConfigurationException if they cannot be read
	 */
	public static List<X509Certificate> read(@Nullable Path kubeconfig, @Nullable String context) {
		try {
			if (kubeconfig == null && Kubeconfigs.isInCluster()) {
				return Pem.readCertificates(Files.readString(Kubeconfigs.SERVICE_ACCOUNT.resolve("ca.crt")));
			}
			Path file = Kubeconfigs.find(kubeconfig);
			Map<?, ?> cluster = cluster(file, context);
			if (cluster.get("certificate-authority-data") instanceof String data) {
				byte[] pem = Base64.getMimeDecoder().decode(data);
				return Pem.readCertificates(new String(pem, StandardCharsets.US_ASCII));
			}
			if (cluster.get("certificate-authority") instanceof String name) {
				return Pem.readCertificates(Files.readString(file.resolveSibling(name)));
			}
			return List.of();
		}
		catch (IOException | YAMLException | MalformedPemException | IllegalArgumentException ex) {
			throw new KubernetesConfigurationException("The cluster's certificate authority cannot be read: " + ex, ex);
		}
	}

	private static Map<?, ?> cluster(Path file, @Nullable String context) throws IOException {
		try (Reader reader = Files.newBufferedReader(file)) {
			Object loaded = new Yaml(new SafeConstructor(new LoaderOptions())).load(reader);
			Map<?, ?> config = (loaded instanceof Map<?, ?> map) ? map : Map.of();
			Object name = (context != null) ? context : config.get("current-context");
			return named(config, "clusters", "cluster", named(config, "contexts", "context", name).get("cluster"));
		}
	}

	/** Kubeconfigs hold lists of entries that have a name beside their content. */
	private static Map<?, ?> named(Map<?, ?> config, String list, String content, @Nullable Object name) {
		if (config.get(list) instanceof List<?> entries) {
			for (Object entry : entries) {
				if (entry instanceof Map<?, ?> map && map.get("name") != null && map.get("name").equals(name)
						&& map.get(content) instanceof Map<?, ?> found) {
					return found;
				}
			}
		}
		return Map.of();
	}

}
