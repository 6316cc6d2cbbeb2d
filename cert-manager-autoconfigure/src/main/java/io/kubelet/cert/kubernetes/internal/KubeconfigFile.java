package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Base64;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;
import org.yaml.snakeyaml.LoaderOptions;
import org.yaml.snakeyaml.Yaml;
import org.yaml.snakeyaml.constructor.SafeConstructor;

/**
 * A kubeconfig and one of its contexts. It is read without the Kubernetes client, whose
 * classes an application with a stored certificate does not need at startup. The content
 * may be secret, so no message repeats it.
 *
 * @param file the file
 * @param config the whole content, empty if there is no file
 * @param context the name of the context, {@code null} if there is none
 * @param cluster the cluster of the context, empty if there is none
 * @param userName the name of the user of the context, {@code null} if there is none
 * @param user the user of the context, empty if there is none
 * @param namespace the namespace of the context, {@code null} if there is none
 */
public record KubeconfigFile(Path file, Map<?, ?> config, @Nullable Object context, Map<?, ?> cluster,
		@Nullable String userName, Map<?, ?> user, @Nullable String namespace) {

	/**
	 * Reads a kubeconfig.
	 * @param file the file
	 * @param context the context, {@code null} for the current one
	 * @return the kubeconfig
	 * @throws KubernetesConfigurationException if it is missing or malformed, or does not
	 * have the context
	 */
	public static KubeconfigFile read(Path file, @Nullable Object context) {
		Map<?, ?> config = load(file);
		Object name = (context != null) ? context : scalar(config, "current-context");
		Map<?, ?> chosen = named(config, "contexts", "context", name);
		if (context != null && chosen.isEmpty()) {
			throw new KubernetesConfigurationException(
					"The kubeconfig %s has no context '%s': correct 'kubelet.cert.kubernetes.context', or restart if it was renamed"
						.formatted(file, ExternalText.clean(context.toString())));
		}
		return new KubeconfigFile(file, config, name, named(config, "clusters", "cluster", scalar(chosen, "cluster")),
				name(chosen, "user"), named(config, "users", "user", scalar(chosen, "user")),
				name(chosen, "namespace"));
	}

	private static @Nullable String name(Map<?, ?> context, String field) {
		Object name = scalar(context, field);
		return (name != null && !name.toString().isEmpty()) ? name.toString() : null;
	}

	/** A name may be a number. A list or a mapping is none, and may contain itself. */
	private static @Nullable Object scalar(Map<?, ?> entry, String field) {
		Object value = entry.get(field);
		return (value instanceof Map || value instanceof Collection) ? null : value;
	}

	private static Map<?, ?> load(Path file) {
		try {
			Object loaded = new Yaml(new SafeConstructor(new LoaderOptions())).load(TextFile.read(file));
			if (loaded instanceof Map<?, ?> config) {
				return config;
			}
		}
		catch (IOException ex) {
			throw unreadable(file, ex);
		}
		catch (RuntimeException ex) {
			// Not YAML; the message may quote a credential
		}
		throw malformed(file, "it is not a mapping in YAML");
	}

	static KubernetesConfigurationException unreadable(Path file, IOException cause) {
		return KubernetesConfigurationException.of("The kubeconfig " + file, "read", cause);
	}

	static KubernetesConfigurationException malformed(Path file, String problem) {
		return new KubernetesConfigurationException("The kubeconfig %s is malformed: %s".formatted(file, problem));
	}

	/**
	 * Returns the address of the API server.
	 * @return the address
	 * @throws KubernetesConfigurationException if there is none
	 */
	public String server() {
		if (this.cluster.get("server") instanceof String server) {
			String url = (server.contains("://") ? server : "https://" + server).strip();
			return url.endsWith("/") ? url.substring(0, url.length() - 1) : url;
		}
		throw new KubernetesConfigurationException("The kubeconfig " + this.file
				+ " names no server: its current context, or the cluster of that context, is missing");
	}

	/** Returns where the address of the API server comes from, for a message. */
	String origin() {
		return this.config.isEmpty() ? "the pod's service account" : this.file.toString();
	}

	/** Returns whether the server is not verified. */
	boolean isInsecure() {
		return Boolean.TRUE.equals(this.cluster.get("insecure-skip-tls-verify"));
	}

	/** Returns the authorities of the cluster, empty if none are named. */
	List<X509Certificate> authorities() {
		String pem = content(this.cluster, "certificate-authority");
		try {
			return (pem != null) ? Pem.readCertificates(pem) : List.of();
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(
					"The certificate-authority of the kubeconfig %s cannot be read: %s".formatted(this.file,
							ex.getMessage()));
		}
	}

	/** Returns the files with the authorities: this one, and another that it may name. */
	List<Path> authorityFiles() {
		return (this.cluster.get("certificate-authority") instanceof String named) ? List.of(this.file, sibling(named))
				: List.of(this.file);
	}

	/** Returns the cluster in the form in which a credential plug-in reads it. */
	Map<String, @Nullable Object> clusterInfo() {
		Map<String, @Nullable Object> info = new HashMap<>();
		info.put("server", server());
		info.put("tls-server-name", text(this.cluster, "tls-server-name"));
		info.put("proxy-url", text(this.cluster, "proxy-url"));
		info.put("insecure-skip-tls-verify", isInsecure());
		String pem = content(this.cluster, "certificate-authority");
		info.put("certificate-authority-data",
				(pem != null) ? Base64.getEncoder().encodeToString(pem.getBytes(StandardCharsets.US_ASCII)) : null);
		Map<?, ?> ofPlugIn = named(this.cluster, "extensions", "extension", "client.authentication.k8s.io/exec");
		info.put("config", ofPlugIn.isEmpty() ? null : ofPlugIn);
		return info;
	}

	/** Returns the files that it may name as client certificate and key. */
	Stream<Path> clientCertificateFiles() {
		return Stream.of("client-certificate", "client-key")
			.map(this.user::get)
			.filter(String.class::isInstance)
			.map((named) -> sibling(named.toString()));
	}

	/**
	 * Resolves the name of a file relative to this one.
	 * @param named the name in the kubeconfig
	 * @return the file
	 * @throws KubernetesConfigurationException if it is no path
	 */
	public Path sibling(String named) {
		try {
			return this.file.toAbsolutePath().resolveSibling(named);
		}
		catch (InvalidPathException ex) {
			throw malformed(this.file, "it names a file by a text that is no path");
		}
	}

	/**
	 * Returns the field that names a file, for a message. The name itself may be a
	 * credential that was written into the wrong field.
	 */
	String describeFile(String field) {
		return "The file that the kubeconfig %s names as %s".formatted(this.file, field);
	}

	/** Returns the user and the file, for a message. */
	String describeUser() {
		return "user '%s' in the kubeconfig %s".formatted(ExternalText.clean(String.valueOf(this.userName)), this.file);
	}

	/**
	 * Returns the client certificate of the user, which may have expired. Certificate and
	 * key may be in one file.
	 * @return the pair, {@code null} if there is none
	 * @throws KubernetesConfigurationException if it cannot be read
	 */
	@Nullable CertificatePair clientCertificate() {
		String certificate = content(this.user, "client-certificate");
		String key = content(this.user, "client-key");
		try {
			return (certificate != null) ? Pem.readPair(certificate, Objects.requireNonNullElse(key, "")) : null;
		}
		catch (MalformedPemException ex) {
			throw new KubernetesConfigurationException(
					"The client-certificate and client-key of the %s cannot be used: %s".formatted(describeUser(),
							ex.getMessage()));
		}
	}

	/**
	 * Returns the client certificate of the user, unless it has expired or cannot be
	 * read.
	 * @param now the current time
	 * @return the pair, empty if there is none
	 */
	public Optional<CertificatePair> validClientCertificate(Instant now) {
		try {
			return Optional.ofNullable(clientCertificate()).filter((pair) -> pair.isValid(now));
		}
		catch (KubernetesConfigurationException ex) {
			return Optional.empty();
		}
	}

	/** Returns PEM from the kubeconfig itself or from a file that it names. */
	private @Nullable String content(Map<?, ?> entry, String name) {
		String data = text(entry, name + "-data");
		try {
			if (data != null) {
				return new String(Base64.getDecoder().decode(data.replaceAll("\\s", "")), StandardCharsets.US_ASCII);
			}
			String named = text(entry, name);
			return (named != null) ? TextFile.read(sibling(named)) : null;
		}
		catch (IllegalArgumentException ex) {
			throw new KubernetesConfigurationException(
					"The %s-data of the kubeconfig %s cannot be read: it is not Base64".formatted(name, this.file));
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of(describeFile(name), "read", ex);
		}
	}

	/**
	 * Returns the text of a field of the cluster or the user.
	 * @return the text, {@code null} if it is missing or empty
	 * @throws KubernetesConfigurationException if it is a number or a list, as kubectl
	 * does not accept it either
	 */
	@Nullable String text(Map<?, ?> entry, String name) {
		Object value = entry.get(name);
		if (value != null && !(value instanceof String)) {
			throw malformed(this.file, "'%s' is no text. Write one value in quotes".formatted(name));
		}
		return (value != null && !value.toString().isEmpty()) ? value.toString() : null;
	}

	private static Map<?, ?> named(Map<?, ?> config, String list, String content, @Nullable Object name) {
		return mappings(entries(config, list).filter((entry) -> name != null && name.equals(scalar(entry, "name")))
			.map((entry) -> entry.get(content))).findFirst().orElse(Map.of());
	}

	/** The content is left out, and may contain itself. */
	@Override
	public String toString() {
		return "the kubeconfig " + this.file;
	}

	/** The lists of a kubeconfig contain entries with a name and a content. */
	private static Stream<Map<?, ?>> entries(Map<?, ?> config, String list) {
		return (config.get(list) instanceof List<?> entries) ? mappings(entries.stream()) : Stream.empty();
	}

	private static Stream<Map<?, ?>> mappings(Stream<?> values) {
		return values.filter(Map.class::isInstance).map((value) -> (Map<?, ?>) value);
	}

}
