package io.kubelet.cert.kubernetes.internal;

import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.TextFile;
import io.kubelet.cert.certificate.trust.Cached;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import org.jspecify.annotations.Nullable;

/**
 * The first of the places where Kubernetes programs look for their API server: the
 * configured kubeconfig, the service account of the pod, the first file in
 * {@code KUBECONFIG} that exists, and {@code ~/.kube/config}. Nothing of the Kubernetes
 * client is loaded.
 * <p>
 * As for every program that uses client-go, the context that was current when the file
 * was first read remains the one to use, whatever a user of kubectl chooses later. No
 * request goes to another cluster if it is gone.
 */
public final class KubeconfigSource {

	private static final String SERVICE_HOST = "KUBERNETES_SERVICE_HOST";

	private final @Nullable Path configured;

	private final Map<String, String> environment;

	/** Contains {@code token}, {@code ca.crt} and {@code namespace} in a pod. */
	private final Path serviceAccount;

	/** One client uses it for its server, its credentials and its authorities. */
	private final Cached<Map.Entry<Path, TextFile.Version>, KubeconfigFile, KubernetesConfigurationException> parsed = new Cached<>(
			(file) -> KubeconfigFile.read(file.getKey(), this.context));

	/** The name of the context, {@code null} until the current one is known. */
	private volatile @Nullable Object context;

	/**
	 * Creates a source. Nothing is read yet.
	 * @param configured the kubeconfig, {@code null} to look in the usual places
	 * @param context the context to use, {@code null} for the current one
	 */
	public KubeconfigSource(@Nullable Path configured, @Nullable String context) {
		this(configured, context, System.getenv(), Path.of("/var/run/secrets/kubernetes.io/serviceaccount"));
	}

	KubeconfigSource(@Nullable Path configured, @Nullable String context, Map<String, String> environment,
			Path serviceAccount) {
		this.configured = configured;
		this.context = context;
		this.environment = environment;
		this.serviceAccount = serviceAccount;
	}

	/**
	 * Returns the namespace of the context or the pod.
	 * @return the namespace, {@code default} if none is named
	 */
	public String namespace() {
		try {
			String namespace = isServiceAccount() ? TextFile.read(this.serviceAccount.resolve("namespace")).trim()
					: read().namespace();
			return (namespace != null) ? namespace : "default";
		}
		catch (IOException ex) {
			throw KubernetesConfigurationException.of("The namespace of the pod", "read", ex);
		}
	}

	/**
	 * Returns a source of trust in exactly the authorities of the cluster.
	 * @return the source, empty if no API server is configured in any place
	 */
	public Optional<TrustSource> authorities() {
		boolean exists = this.configured != null || isServiceAccount() || !variable().isBlank() || Files.exists(home());
		return exists ? Optional.of(liveAuthorities()) : Optional.empty();
	}

	/**
	 * Returns the trust of a client, in the current authorities of the kubeconfig. If it
	 * names none, the client trusts those of the JDK, as kubectl does.
	 * @param now what the kubeconfig contains now
	 */
	Supplier<Trust> trust(KubeconfigFile now) {
		return now.authorities().isEmpty() ? Trust::system : new LiveTrust("", liveAuthorities())::refresh;
	}

	private TrustSource liveAuthorities() {
		AtomicReference<List<Path>> files = new AtomicReference<>(List.of());
		UnaryOperator<List<Path>> known = (last) -> last.isEmpty() ? read().authorityFiles() : last;
		Supplier<String> origin = () -> files.get().stream().map(Path::toString).collect(Collectors.joining(", "));
		return new TrustSource(origin, () -> TrustSource.versionOf(files.updateAndGet(known)), () -> {
			KubeconfigFile file = read();
			files.set(file.authorityFiles());
			return Trust.exactly(file.authorities());
		}, files::get);
	}

	/**
	 * Reads the kubeconfig if it has changed. In a pod without one, its service account
	 * stands for it.
	 */
	KubeconfigFile read() {
		if (isServiceAccount()) {
			return serviceAccount();
		}
		Path file = (this.configured != null) ? this.configured : find(variable(), home());
		KubeconfigFile content = this.parsed.of(Map.entry(file, version(file)));
		this.context = content.context();
		return content;
	}

	private static TextFile.Version version(Path file) {
		try {
			return TextFile.Version.of(file);
		}
		catch (IOException ex) {
			throw KubeconfigFile.unreadable(file, ex);
		}
	}

	private KubeconfigFile serviceAccount() {
		if (this.context != null) {
			throw new KubernetesConfigurationException(
					"The pod's service account has no context '%s': set 'kubelet.cert.kubernetes.kubeconfig' to the kubeconfig that has it, or remove 'kubelet.cert.kubernetes.context'"
						.formatted(this.context));
		}
		String host = String.valueOf(this.environment.get(SERVICE_HOST));
		String server = "https://%s:%s".formatted(host.contains(":") ? "[" + host + "]" : host,
				this.environment.get("KUBERNETES_SERVICE_PORT"));
		return new KubeconfigFile(this.serviceAccount, Map.of(), null,
				Map.of("server", server, "certificate-authority", this.serviceAccount + "/ca.crt"), "service account",
				Map.of("tokenFile", this.serviceAccount + "/token"), null);
	}

	private boolean isServiceAccount() {
		return this.configured == null && this.environment.containsKey(SERVICE_HOST)
				&& Files.exists(this.serviceAccount.resolve("token"));
	}

	/** Returns all of them that may be read, none in a pod without a kubeconfig. */
	Stream<Path> files() {
		return (this.configured != null) ? Stream.of(this.configured)
				: isServiceAccount() ? Stream.empty() : files(variable(), home());
	}

	private static Stream<Path> files(String variable, Path home) {
		return variable.isBlank() ? Stream.of(home)
				: Stream.of(variable.split(File.pathSeparator)).filter((file) -> !file.isBlank()).map(Path::of);
	}

	/** Like kubectl, skips the files in the variable that do not exist. */
	static Path find(String variable, Path home) {
		return files(variable, home).filter(Files::exists)
			.findFirst()
			.orElseThrow(() -> new KubernetesConfigurationException(variable.isBlank()
					? "No API server is configured: this is not a pod with a service account token, "
							+ "the environment variable KUBECONFIG is not set, and there is no " + home
					: "The environment variable KUBECONFIG names no file that exists: " + variable));
	}

	private String variable() {
		return this.environment.getOrDefault("KUBECONFIG", "");
	}

	private static Path home() {
		return Path.of(System.getProperty("user.home"), ".kube", "config");
	}

}
