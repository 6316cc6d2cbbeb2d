package io.kubelet.cert.autoconfigure;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.autoconfigure.kubelet.SelfSignedPair;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.FileChanges;
import io.kubelet.cert.kubernetes.internal.secret.SecretStore;
import io.kubelet.cert.kubernetes.internal.secret.SharedCertificate;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.ManagedFilesStore;
import io.kubelet.cert.store.PairLocation;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Creates the store of each certificate.
 *
 * @param connection the connection to the API server, for Secrets
 * @param files tells when files of other programs may have changed
 * @param clock the clock
 */
record CertificateStores(KubernetesConnection connection, FileChanges files, Clock clock) {

	private static final Logger logger = LoggerFactory.getLogger(CertificateStores.class);

	/**
	 * Creates the stores. Two certificates in one Secret would overwrite each other's
	 * pairs, and a Secret of another program is never replaced.
	 * @param checks know the authorities that may sign each certificate
	 */
	List<CertificateStore> create(List<CertificateSettings> certificates, List<IssuedCertificateCheck> checks) {
		List<CertificateStore> stores = new ArrayList<>();
		Set<String> secrets = new HashSet<>();
		for (CertificateSettings certificate : certificates) {
			CertificateStore store = create(certificate, checks.get(stores.size()));
			certificate.properties()
				.require(!(store instanceof SecretStore) || secrets.add(store.toString()), "store.secret",
						certificate.storage().secret(),
						"Another certificate is stored in %s, too: name a Secret for each", store);
			stores.add(store);
		}
		requireOwn(certificates, stores);
		return stores;
	}

	/**
	 * Asks for all Secrets at once: an API server that does not respond delays the start
	 * once.
	 */
	private void requireOwn(List<CertificateSettings> certificates, List<CertificateStore> stores) {
		List<CompletableFuture<Optional<String>>> contents = stores.stream()
			.map((store) -> (store instanceof SecretStore secret)
					? CompletableFuture.supplyAsync(secret::foreignContent, this.connection.executor())
					: CompletableFuture.completedFuture(Optional.<String>empty()))
			.toList();
		for (CertificateSettings certificate : certificates) {
			contents.get(certificates.indexOf(certificate)).join().ifPresent((content) -> {
				throw certificate.properties()
					.invalid("store.secret", certificate.storage().secret(),
							"The Secret %s. It is left as it is: name another Secret, or set '{rotate-certificates}' to false, mount the Secret as a volume and set '{tls-cert-file}' to its file",
							content);
			});
		}
	}

	private CertificateStore create(CertificateSettings settings, IssuedCertificateCheck check) {
		CertificateSettings.Storage storage = settings.storage();
		SharedSecret secret = storage.secret();
		if (secret == null) {
			return files(settings);
		}
		PropertyNames properties = settings.properties();
		if (this.connection.isBootstrapping()) {
			throw properties.invalid("store.type", "secret",
					"With 'kubelet.cert.kubernetes.bootstrap-kubeconfig', the process is a node, which has no Secrets of its own: set this property to 'file'");
		}
		CertificateStore copy = secret.copied()
				? new FileCertificateStore(storage.certDir(), settings.name(), null, storage.retain(), this.clock)
				: null;
		String issuer = settings.ssl().trustsIssuer() ? settings.request().requested().signer().toString() : null;
		return this.connection.secretStore(secret, new SharedCertificate(settings.name(), settings.rotation().enabled(),
				check, issuer, settings.ssl().trustOverlap()), copy);
	}

	/** Files that are named, and not rotated, are managed by another program. */
	private CertificateStore files(CertificateSettings settings) {
		CertificateSettings.Storage storage = settings.storage();
		PairLocation pair = storage.initialPair();
		if (pair == null || settings.rotation().enabled()) {
			return new FileCertificateStore(storage.certDir(), settings.name(), pair, storage.retain(), this.clock);
		}
		ManagedFilesStore store = new ManagedFilesStore(pair, this.files, this.clock);
		String host = settings.request().addresses().nodeName();
		if (storage.selfSigned() && store.createIfMissing(() -> SelfSignedPair.create(host, this.clock.instant()))) {
			logger.warn(
					"[{}] Created the self-signed pair {}, as a kubelet does. No client can verify it. To request a certificate from the cluster, turn its rotation on, which is off ({}); or set '{}' to a pair",
					settings.name(), pair, settings.rotation().origin(), settings.properties().of("tls-cert-file"));
		}
		return store;
	}

}
