package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.io.Reader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;
import org.yaml.snakeyaml.error.MarkedYAMLException;
import org.yaml.snakeyaml.error.YAMLException;

/**
 * What one context of a kubeconfig says. It is read without the Kubernetes client, whose
 * classes an application with a stored certificate does not need at start. What is in it
 * may be secret: no message repeats it.
 *
 * @param file the file
 * @param cluster the cluster of the context, empty if it names none
 * @param user the user of the context, empty if it names none
 * @param namespace the namespace of the context, {@code null} if it names none
 */
record KubeconfigFile(Path file, Map<?, ?> cluster, Map<?, ?> user, @Nullable String namespace) {

	/**
	 * Read a kubeconfig.
	 * @param context the context, {@code null} for the current one
	 * @throws KubernetesConfigurationException if it is missing or malformed, or has no
	 * such context
	 */
	static KubeconfigFile read(Path file, @Nullable String context) {
		try (Reader reader = Files.newBufferedReader(file)) {
			Object loaded = new Yaml(new SafeConstructor(new LoaderOptions())).load(reader);
			if (!(loaded instanceof Map<?, ?> config)) {
				throw new KubernetesConfigurationException("The kubeconfig " + file + " is malformed: it is no mapping",
						null);
			}
			if (context != null) {
				requireContext(file, config, context);
			}
			Object name = (context != null) ? context : config.get("current-context");
			Map<?, ?> chosen = named(config, "contexts", "context", name);
			return new KubeconfigFile(file, named(config, "clusters", "cluster", chosen.get("cluster")),
					named(config, "users", "user", chosen.get("user")),
					(chosen.get("namespace") instanceof String namespace) ? namespace : null);
		}
		catch (IOException ex) {
			throw new KubernetesConfigurationException(
					"The kubeconfig " + file + (Files.exists(file) ? " cannot be read: " + ex : " does not exist"), ex);
		}
		catch (YAMLException ex) {
			String line = (ex instanceof MarkedYAMLException marked && marked.getProblemMark() != null)
					? "line " + (marked.getProblemMark().getLine() + 1) : "something in it";
			throw new KubernetesConfigurationException(
					"The kubeconfig " + file + " is malformed: " + line + " is not YAML", null);
		}
	}

	/** The authorities of the cluster, empty if none are named. */
	List<X509Certificate> authorities() {
		String pem = content(this.cluster, "certificate-authority");
		return (pem != null) ? Pem.readCertificates(pem) : List.of();
	}

	/** The files that the authorities stand in: this one, and one that it may name. */
	List<Path> authorityFiles() {
		return (this.cluster.get("certificate-authority") instanceof String named)
				? List.of(this.file, this.file.resolveSibling(named)) : List.of(this.file);
	}

	/**
	 * The client certificate of the user, if it has one that has not expired (contract
	 * row C22). Certificate and key may be in one file, which the Java client cannot
	 * read.
	 */
	Optional<CertificatePair> clientCertificate(Instant now) {
		try {
			String certificate = content(this.user, "client-certificate");
			String key = content(this.user, "client-key");
			return (certificate != null && key != null)
					? Optional.of(Pem.readPair(certificate, key)).filter((pair) -> !pair.isExpired(now))
					: Optional.empty();
		}
		catch (MalformedPemException | KubernetesConfigurationException ex) {
			return Optional.empty();
		}
	}

	/** PEM that stands in the kubeconfig itself, or in a file that it names. */
	private @Nullable String content(Map<?, ?> entry, String name) {
		try {
			if (entry.get(name + "-data") instanceof String data) {
				return new String(Base64.getMimeDecoder().decode(data), StandardCharsets.US_ASCII);
			}
			return (entry.get(name) instanceof String named) ? Files.readString(this.file.resolveSibling(named)) : null;
		}
		catch (IOException | IllegalArgumentException ex) {
			throw new KubernetesConfigurationException(
					"What the kubeconfig " + this.file + " names as " + name + " cannot be read: " + ex, ex);
		}
	}

	private static void requireContext(Path file, Map<?, ?> config, String context) {
		List<Object> names = entries(config, "contexts").<Object>map((entry) -> entry.get("name"))
			.filter(Objects::nonNull)
			.toList();
		if (!names.contains(context)) {
			throw new KubernetesConfigurationException(
					"The kubeconfig %s has no context '%s'; it has %s. Set 'kubelet.cert.kubernetes.context' to one of them, or leave it out to use the current one"
						.formatted(file, context, names),
					null);
		}
	}

	private static Map<?, ?> named(Map<?, ?> config, String list, String content, @Nullable Object name) {
		return mappings(entries(config, list).filter((entry) -> name != null && name.equals(entry.get("name")))
			.map((entry) -> entry.get(content))).findFirst().orElse(Map.of());
	}

	/** Kubeconfigs hold lists of entries that have a name beside their content. */
	private static Stream<Map<?, ?>> entries(Map<?, ?> config, String list) {
		return (config.get(list) instanceof List<?> entries) ? mappings(entries.stream()) : Stream.empty();
	}

	private static Stream<Map<?, ?>> mappings(Stream<?> values) {
		return values.filter(Map.class::isInstance).map((value) -> (Map<?, ?>) value);
	}

}
