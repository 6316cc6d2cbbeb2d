package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.kubelet.NodeAddresses;
import io.kubelet.cert.autoconfigure.kubelet.NodeKubeconfig;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.autoconfigure.settings.KubernetesProperties;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.ApiClientProvider;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.secret.SecretStore;
import io.kubelet.cert.kubernetes.internal.secret.SharedCertificate;
import io.kubelet.cert.kubernetes.internal.signing.KubernetesSigners;
import io.kubelet.cert.kubernetes.internal.watch.PublishedAuthorities;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.util.function.SingletonSupplier;

/**
 * The connection to the API server, as configured: signers, and objects that are watched.
 * Nothing of the Kubernetes client is loaded, and nothing is requested, before something
 * is needed; so no signature here has a type of that client, since Spring looks at them
 * all. With a bootstrap kubeconfig, the first certificate is what everything else is
 * requested with.
 */
public final class KubernetesConnection implements DisposableBean {

	/**
	 * To find out whether the Kubernetes client is there without loading its classes.
	 */
	public static final String CLIENT_CLASS_FILE = "classpath:io/kubernetes/client/openapi/ApiClient.class";

	private final PropertyNames properties;

	private final KubernetesProperties settings;

	private final KubeconfigSource kubeconfig;

	private final ThreadFactory threads;

	private final FileChanges files;

	private final Clock clock;

	private @Nullable ApiClientProvider clients;

	/** The key is what the requests to an issuer have in common, empty for signers. */
	private final Map<List<?>, KubernetesSigners> signers = new HashMap<>();

	private final Map<String, NodeAddresses> addresses = new HashMap<>();

	private final Map<Trusted, PublishedAuthorities> authorities = new HashMap<>();

	private final List<SecretStore> secrets = new ArrayList<>();

	KubernetesConnection(PropertyNames properties, KubernetesProperties settings, ThreadFactory threads,
			FileChanges files, Clock clock) {
		this.properties = properties;
		this.settings = settings;
		// The kubeconfig that is written has a context of its own
		this.kubeconfig = new KubeconfigSource(settings.kubeconfig(), isBootstrapping() ? null : settings.context());
		this.threads = threads;
		this.files = files;
		this.clock = clock;
		if (settings.bootstrapKubeconfig() == null && settings.kubeconfig() != null) {
			requireReadable("kubernetes.kubeconfig", settings.kubeconfig(),
					"set it to the kubeconfig of the cluster, or remove the property in a pod");
		}
	}

	private void requireReadable(String property, Path file, String remedy, Object... arguments) {
		this.properties.require(Files.isReadable(file), property, file,
				Files.exists(file)
						? "The file cannot be read: let the user of this process read it, or name another file"
						: "There is no such file: " + remedy,
				arguments);
	}

	/** Returns the kubeconfig, for all but the first request of a node. */
	public KubeconfigSource kubeconfig() {
		return this.kubeconfig;
	}

	/** Returns whether the first certificate is requested with bootstrap credentials. */
	boolean isBootstrapping() {
		return this.settings.bootstrapKubeconfig() != null;
	}

	/**
	 * Writes the kubeconfig of a node that bootstraps, if it does not exist or if its
	 * certificate has expired. Only then is the bootstrap kubeconfig needed, which is
	 * often deleted once a node has joined. A kubeconfig with other content is never
	 * replaced.
	 * @param pair the file of the first certificate's current pair; a damaged one must
	 * have been replaced before
	 */
	void writeKubeconfig(Path pair) {
		Path bootstrap = this.settings.bootstrapKubeconfig();
		if (bootstrap == null) {
			return;
		}
		Path kubeconfig = this.settings.kubeconfig();
		if (kubeconfig == null) {
			throw this.properties.invalid("kubernetes.kubeconfig", null,
					"With a bootstrap kubeconfig it must be set to the file that is written for later requests");
		}
		if (NodeKubeconfig.isUsable(kubeconfig, this.clock.instant())) {
			return;
		}
		requireReadable("kubernetes.bootstrap-kubeconfig", bootstrap,
				"set it to the kubeconfig with the bootstrap token, because %s has no valid client certificate",
				kubeconfig);
		if (NodeKubeconfig.isOfOthers(kubeconfig)) {
			throw this.properties.invalid("kubernetes.kubeconfig", kubeconfig,
					"With a bootstrap kubeconfig, this file is written for the node, but it has other contexts, users or credentials, which would be lost. Name a file that does not exist yet, or remove '{kubernetes.bootstrap-kubeconfig}' to use this one as it is");
		}
		NodeKubeconfig.write(kubeconfig, bootstrap, this.settings.context(), pair);
	}

	/**
	 * Returns the signer for one attempt.
	 * @param issuer the issuer, {@code null} for a signer
	 * @param current the pair to authenticate with in bootstrap mode, {@code null} to use
	 * the bootstrap credentials
	 */
	CertificateSigner signer(@Nullable Issuer issuer, @Nullable CertificatePair current) {
		return signers(issuer).signer(current);
	}

	private synchronized KubernetesSigners signers(@Nullable Issuer issuer) {
		List<?> key = (issuer == null) ? List.of() : Arrays.asList(issuer.namespace(), issuer.annotations());
		return this.signers.computeIfAbsent(key,
				(common) -> (issuer == null) ? KubernetesSigners.ofKubernetes(clients(), this.clock) : KubernetesSigners
					.ofCertManager(inNamespace(issuer.namespace()), issuer.annotations(), clients(), this.clock));
	}

	/**
	 * Returns the pair to authenticate with, except to request the first certificate.
	 * @param managers the managers, beginning with that of the first certificate
	 * @throws KubernetesConfigurationException if the first certificate is needed and not
	 * valid
	 */
	@Nullable CertificatePair credentials(Iterable<CertificateManager> managers) {
		if (!isBootstrapping()) {
			return null;
		}
		CertificateManager first = managers.iterator().next();
		return first.current()
			.orElseThrow(() -> new KubernetesConfigurationException(
					"there is no valid certificate '%s' to authenticate with".formatted(first.name())));
	}

	/**
	 * Returns the addresses of a node.
	 * @param managers as for {@link #credentials(Iterable)}
	 */
	synchronized NodeAddresses addressesOf(String node, Iterable<CertificateManager> managers) {
		return this.addresses.computeIfAbsent(node, (name) -> new NodeAddresses(name,
				clients().supplier(() -> credentials(managers)), clients().executor()));
	}

	/**
	 * Returns a source of trust in the authorities in objects of the API.
	 * @param objects the objects
	 * @param patience how long the first call waits for the API server
	 * @param managers as for {@link #credentials(Iterable)}
	 */
	public TrustSource authoritiesIn(Trusted objects, Duration patience, Iterable<CertificateManager> managers) {
		Supplier<PublishedAuthorities> authorities = SingletonSupplier.of(() -> authoritiesIn(objects, managers));
		return new TrustSource(() -> "the " + authorities.get(), () -> authorities.get().version(patience),
				() -> authorities.get().read(), Map::of, (listener) -> authorities.get().onChange(listener), List::of,
				() -> authorities.get().problem());
	}

	private synchronized PublishedAuthorities authoritiesIn(Trusted objects, Iterable<CertificateManager> managers) {
		return this.authorities.computeIfAbsent(objects, (key) -> new PublishedAuthorities(place(key),
				clients().supplier(() -> credentials(managers)), clients().executor()));
	}

	private PublishedAuthorities.Place place(Trusted objects) {
		String name = objects.name();
		return switch (objects.kind()) {
			case CONFIG_MAP -> {
				int slash = name.indexOf('/');
				int colon = name.indexOf(':');
				String key = (colon >= 0) ? name.substring(colon + 1) : "ca.crt";
				yield PublishedAuthorities.Place.configMap(inNamespace((slash >= 0) ? name.substring(0, slash) : null),
						name.substring(slash + 1, (colon >= 0) ? colon : name.length()), key);
			}
			case TRUST_BUNDLE -> PublishedAuthorities.Place.trustBundle(name);
			case TRUST_BUNDLES_OF_SIGNER -> PublishedAuthorities.Place.trustBundles(name, objects.labels());
			default -> throw new IllegalArgumentException(objects + " is no object of the API");
		};
	}

	/**
	 * Returns the store in a Secret.
	 * @param secret the Secret
	 * @param certificate the certificate
	 * @param copy keeps a copy, {@code null} for none
	 */
	synchronized SecretStore secretStore(SharedSecret secret, SharedCertificate certificate,
			@Nullable CertificateStore copy) {
		SecretStore store = new SecretStore(inNamespace(secret.namespace()), secret.name(), certificate, copy,
				clients(), this.clock);
		this.secrets.add(store);
		return store;
	}

	/** Returns the executor of everything that waits for the API server. */
	Executor executor() {
		return clients().executor();
	}

	/**
	 * Returns whether a Secret has a pair without the authority of its issuer, which is
	 * to be trusted. A rotation brings it.
	 * @param certificate the name of the certificate
	 */
	public boolean lacksAuthority(String certificate) {
		return secretOf(certificate).filter(SecretStore::lacksAuthority).isPresent();
	}

	/**
	 * Returns why there is no copy of the pair that is in a Secret.
	 * @param certificate the name of the certificate
	 * @return a sentence, {@code null} if nothing is wrong
	 */
	public @Nullable String copyProblem(String certificate) {
		return secretOf(certificate).flatMap(SecretStore::copyProblem).orElse(null);
	}

	/**
	 * Returns which authorities of a certificate's issuer rotations have replaced, and
	 * when, as a Secret says.
	 * @param certificate the name of the certificate
	 */
	public Map<X509Certificate, Instant> replacedAuthorities(String certificate) {
		return secretOf(certificate).map(SecretStore::replacedAuthorities).orElse(Map.of());
	}

	private synchronized Optional<SecretStore> secretOf(String certificate) {
		return this.secrets.stream().filter((store) -> store.certificate().equals(certificate)).findFirst();
	}

	private String inNamespace(@Nullable String namespace) {
		return (namespace != null) ? namespace : this.kubeconfig.namespace();
	}

	private synchronized ApiClientProvider clients() {
		if (this.clients == null) {
			this.clients = new ApiClientProvider(this.kubeconfig, this.settings.bootstrapKubeconfig(),
					this.settings.context(), this.threads, this.files, this.clock);
		}
		return this.clients;
	}

	@Override
	public synchronized void destroy() {
		this.addresses.values().forEach(NodeAddresses::close);
		this.authorities.values().forEach(PublishedAuthorities::close);
		this.secrets.forEach(SecretStore::close);
		this.signers.values().forEach(KubernetesSigners::close);
		if (this.clients != null) {
			this.clients.close();
		}
	}

}
