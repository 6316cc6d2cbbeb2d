package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ThreadFactory;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.addresses.NodeAddresses;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Trusted;
import io.kubelet.cert.autoconfigure.settings.KubernetesProperties;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.kubernetes.ApiClientProvider;
import io.kubelet.cert.kubernetes.Kubeconfigs;
import io.kubelet.cert.kubernetes.secret.SecretStore;
import io.kubelet.cert.kubernetes.signing.KubernetesSigners;
import io.kubelet.cert.kubernetes.watch.PublishedAuthorities;
import io.kubelet.cert.store.CertificateStore;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;

/**
 * What the application uses of the API server: signers, and objects that it follows. All
 * that loads the classes of the Kubernetes client.
 */
final class KubernetesObjects {

	private final Map<String, NodeAddresses> addresses = new HashMap<>();

	private final Map<Trusted, PublishedAuthorities> authorities = new HashMap<>();

	private final List<SecretStore> secrets = new ArrayList<>();

	private final KubernetesProperties settings;

	private final Clock clock;

	private final ApiClientProvider clients;

	/** The key is the issuer, empty for the signers. */
	private final Map<Optional<Issuer>, KubernetesSigners> signers = new HashMap<>();

	KubernetesObjects(KubernetesProperties settings, ThreadFactory threads, Clock clock) {
		this.settings = settings;
		this.clock = clock;
		this.clients = new ApiClientProvider(settings.kubeconfig(), settings.bootstrapKubeconfig(), settings.context(),
				threads, clock);
	}

	synchronized KubernetesSigners signers(@Nullable Issuer issuer) {
		return this.signers.computeIfAbsent(Optional.ofNullable(issuer),
				(key) -> (issuer == null) ? KubernetesSigners.ofKubernetes(this.clients, this.clock)
						: KubernetesSigners.ofCertManager(issuer.reference(), inNamespace(issuer.namespace()),
								issuer.annotations(), this.clients, this.clock));
	}

	private String inNamespace(@Nullable String namespace) {
		return (namespace != null) ? namespace
				: Kubeconfigs.namespace(this.settings.kubeconfig(), this.settings.laterContext());
	}

	synchronized NodeAddresses addressesOf(String node, Supplier<@Nullable CertificatePair> credentials) {
		return this.addresses.computeIfAbsent(node,
				(name) -> new NodeAddresses(name, clients(credentials), this.clients.executor()));
	}

	synchronized PublishedAuthorities authoritiesIn(Trusted objects, Supplier<@Nullable CertificatePair> credentials) {
		return this.authorities.computeIfAbsent(objects,
				(key) -> new PublishedAuthorities(place(key), clients(credentials), this.clients.executor()));
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

	synchronized SecretStore secretStore(SharedSecret secret, String certificate, boolean rotates,
			@Nullable CertificateStore copy) {
		SecretStore store = SecretStore.of(inNamespace(secret.namespace()), secret.name(), certificate, rotates, copy,
				this.clients, this.clock);
		this.secrets.add(store);
		return store;
	}

	private Supplier<ApiClient> clients(Supplier<@Nullable CertificatePair> credentials) {
		return () -> this.clients.client(credentials.get());
	}

	synchronized void close() {
		this.addresses.values().forEach(NodeAddresses::close);
		this.authorities.values().forEach(PublishedAuthorities::close);
		this.secrets.forEach(SecretStore::close);
		this.signers.values().forEach(KubernetesSigners::close);
		this.clients.close();
	}

}
