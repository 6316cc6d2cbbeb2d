package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.KubeconfigFile;
import io.kubelet.cert.store.DurableFiles;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.yaml.snakeyaml.DumperOptions;
import org.yaml.snakeyaml.Yaml;

/**
 * The kubeconfig of a node. It names the file of the current pair, and is written from
 * the bootstrap kubeconfig if it does not exist yet. A kubelet can use it too.
 */
public final class NodeKubeconfig {

	private static final Logger logger = LoggerFactory.getLogger(NodeKubeconfig.class);

	/** The fields of a cluster; the kubelet loses the last three. */
	private static final List<String> CLUSTER = List.of("certificate-authority", "certificate-authority-data", "server",
			"insecure-skip-tls-verify", "tls-server-name", "proxy-url", "disable-compression");

	private NodeKubeconfig() {
	}

	/**
	 * Returns whether the kubeconfig exists and has a client certificate that has not
	 * expired. It is then used as it is.
	 * @param kubeconfig the kubeconfig of the node
	 * @param now the current time
	 * @return whether nothing has to be written
	 * @throws KubernetesConfigurationException if the file is not a kubeconfig
	 */
	public static boolean isUsable(Path kubeconfig, Instant now) {
		return isPresent(kubeconfig) && KubeconfigFile.read(kubeconfig, null).validClientCertificate(now).isPresent();
	}

	/** A power failure may leave an empty file, which counts as missing. */
	private static boolean isPresent(Path kubeconfig) {
		return kubeconfig.toFile().length() > 0;
	}

	/**
	 * Returns whether a kubeconfig contains what does not belong to a node, and would be
	 * lost if the file were written: further contexts or users, or credentials other than
	 * a client certificate.
	 * @param kubeconfig the kubeconfig, which may not exist
	 * @return whether it must not be replaced
	 * @throws KubernetesConfigurationException if the file is not a kubeconfig
	 */
	public static boolean isOfOthers(Path kubeconfig) {
		if (!isPresent(kubeconfig)) {
			return false;
		}
		KubeconfigFile file = KubeconfigFile.read(kubeconfig, null);
		return Stream.of("contexts", "users")
			.anyMatch((list) -> file.config().get(list) instanceof List<?> all && all.size() > 1)
				|| file.user().keySet().stream().anyMatch((field) -> !field.toString().startsWith("client-"));
	}

	/**
	 * Writes the kubeconfig for the pair. The first file that it replaces is kept, with
	 * {@code .old} added to its name.
	 * @param kubeconfig the kubeconfig of the node, not {@linkplain #isOfOthers of
	 * others}
	 * @param bootstrap the bootstrap kubeconfig
	 * @param context the context of the bootstrap kubeconfig, {@code null} for its
	 * current one
	 * @param pair the file of the current pair, which may not exist yet
	 * @throws KubernetesConfigurationException if the bootstrap kubeconfig cannot be
	 * read, or the other cannot be written
	 */
	public static void write(Path kubeconfig, Path bootstrap, @Nullable String context, Path pair) {
		KubeconfigFile from = KubeconfigFile.read(bootstrap, context);
		from.server();
		write(kubeconfig, content(from, pair.toAbsolutePath()));
	}

	private static String content(KubeconfigFile from, Path pair) {
		Map<String, Object> cluster = new TreeMap<>();
		for (String key : CLUSTER) {
			Object value = from.cluster().get(key);
			if (value != null) {
				cluster.put(key,
						key.equals("certificate-authority") ? from.sibling(value.toString()).toString() : value);
			}
		}
		Map<String, Object> config = new TreeMap<>(Map.of("apiVersion", "v1", "kind", "Config"));
		config.put("clusters", entry("cluster", cluster, "default-cluster"));
		config.put("contexts",
				entry("context", Map.of("cluster", "default-cluster", "namespace", "default", "user", "default-auth"),
						"default-context"));
		config.put("current-context", "default-context");
		config.put("users", entry("user", Map.of("client-certificate", pair.toString(), "client-key", pair.toString()),
				"default-auth"));
		DumperOptions options = new DumperOptions();
		options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
		options.setWidth(Integer.MAX_VALUE);
		return new Yaml(options).dump(config);
	}

	private static List<Map<String, Object>> entry(String kind, Map<String, Object> content, String name) {
		return List.of(new TreeMap<>(Map.of(kind, new TreeMap<>(content), "name", name)));
	}

	private static void write(Path kubeconfig, String content) {
		Path file = kubeconfig.toAbsolutePath();
		try {
			Files.createDirectories(file.getParent());
			if (isPresent(file)) {
				if (TextFile.read(file).equals(content)) {
					return;
				}
				Path original = file.resolveSibling(file.getFileName() + ".old");
				if (!Files.exists(original)) {
					Files.copy(file, original);
				}
				logger.warn("The kubeconfig {} has no valid client certificate and is replaced. The original is {}",
						file, original);
			}
			DurableFiles.replace(file, content);
			logger.info("Wrote the kubeconfig {}", file);
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The kubeconfig " + file, "written", ex);
		}
	}

}
