package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
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

	/**
	 * Returns what a kubeconfig contains that does not belong to a node: further contexts
	 * or users, or credentials other than a client certificate. It would be lost if the
	 * file were written.
	 * @param kubeconfig the kubeconfig, which may not exist
	 * @return a phrase such as {@code has the contexts [a, b]}; empty if there is nothing
	 * @throws KubernetesConfigurationException if the file is not a kubeconfig
	 */
	public static Optional<String> foreignContent(Path kubeconfig) {
		if (!isPresent(kubeconfig)) {
			return Optional.empty();
		}
		KubeconfigFile file = KubeconfigFile.read(kubeconfig, null);
		for (String list : List.of("contexts", "users")) {
			List<String> names = KubeconfigFile.names(file.config(), list);
			if (names.size() > 1) {
				return Optional.of("has the %s %s".formatted(list, names));
			}
		}
		return file.user()
			.keySet()
			.stream()
			.map(String::valueOf)
			.filter((field) -> !field.startsWith("client-"))
			.sorted()
			.findFirst()
			.map((field) -> "has the user '%s' with '%s'".formatted(file.userName(), field));
	}

	/**
	 * Writes the kubeconfig for the pair. An existing file is kept under another name.
	 * @param kubeconfig the kubeconfig of the node, without
	 * {@linkplain #foreignContent(Path) content of others}
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
				cluster.put(key, key.equals("certificate-authority")
						? from.file().toAbsolutePath().resolveSibling(value.toString()).toString() : value);
			}
		}
		Map<String, Object> context = new TreeMap<>(
				Map.of("cluster", "default-cluster", "namespace", "default", "user", "default-auth"));
		Map<String, Object> user = new TreeMap<>(
				Map.of("client-certificate", pair.toString(), "client-key", pair.toString()));
		Map<String, Object> config = new TreeMap<>(Map.of("apiVersion", "v1", "kind", "Config", "current-context",
				"default-context", "clusters", entry("cluster", cluster, "default-cluster"), "contexts",
				entry("context", context, "default-context"), "users", entry("user", user, "default-auth")));
		DumperOptions options = new DumperOptions();
		options.setDefaultFlowStyle(DumperOptions.FlowStyle.BLOCK);
		options.setWidth(Integer.MAX_VALUE);
		return new Yaml(options).dump(config);
	}

	private static List<Map<String, Object>> entry(String kind, Map<String, Object> content, String name) {
		return List.of(new TreeMap<>(Map.of(kind, content, "name", name)));
	}

	private static void write(Path kubeconfig, String content) {
		Path file = kubeconfig.toAbsolutePath();
		try {
			if (Files.exists(file) && TextFile.read(file).equals(content)) {
				return;
			}
			Files.createDirectories(file.getParent());
			if (isPresent(file)) {
				logger.warn("The kubeconfig {} has no valid client certificate; it is replaced and kept as {}", file,
						keep(file));
			}
			DurableFiles.replace(file, content);
			logger.info("Wrote the kubeconfig {}", file);
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The kubeconfig " + file, "written", ex);
		}
	}

	/** A power failure may have left an empty file. */
	private static boolean isPresent(Path kubeconfig) {
		try {
			return Files.size(kubeconfig) > 0;
		}
		catch (NoSuchFileException ex) {
			return false;
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The kubeconfig " + kubeconfig, "read", ex);
		}
	}

	/** Copies a file under a name in the same directory that no earlier copy has. */
	private static Path keep(Path file) throws IOException {
		for (int number = 1;; number++) {
			Path copy = file.resolveSibling(file.getFileName() + ((number == 1) ? ".old" : ".old." + number));
			try {
				return Files.copy(file, copy);
			}
			catch (FileAlreadyExistsException ex) {
				// An earlier copy, which is kept too
			}
		}
	}

}
