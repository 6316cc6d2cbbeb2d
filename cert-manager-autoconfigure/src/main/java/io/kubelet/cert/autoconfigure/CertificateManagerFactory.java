package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.SharedSecret;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.autoconfigure.settings.Profile;
import io.kubelet.cert.autoconfigure.settings.PropertyNames;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.secret.SecretStore;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.RequestNaming;
import io.kubelet.cert.request.SelfSignedPair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.rotation.engine.RotatingCertificateManager;
import io.kubelet.cert.rotation.engine.RotationSettings;
import io.kubelet.cert.rotation.engine.RotationSettings.Request;
import io.kubelet.cert.rotation.engine.RotationSettings.Resources;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.FileCertificateStore;
import io.kubelet.cert.store.ManagedFilesStore;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.context.properties.source.InvalidConfigurationPropertyValueException;

/**
 * Creates the manager of each certificate from its settings.
 */
final class CertificateManagerFactory {

	private static final Logger logger = LoggerFactory.getLogger(CertificateManagerFactory.class);

	private final Resources resources;

	CertificateManagerFactory(Resources resources) {
		this.resources = resources;
	}

	/**
	 * Creates the managers, which are not started yet. In bootstrap mode, the additional
	 * certificates are requested with the first one.
	 */
	CertificateManagers create(List<CertificateSettings> certificates, SignerSource signers,
			TemplateSuppliers templates, KubernetesConnection connection) {
		boolean bootstrapping = connection.isBootstrapping();
		StoredIssuers issuers = new StoredIssuers(connection.authorities(), this.resources.clock());
		List<CertificateManager> managers = new CopyOnWriteArrayList<>();
		SignerSource furtherSigners = bootstrapping ? (own) -> signers.signer(connection.credentials(managers))
				: signers;
		List<Runnable> checks = new ArrayList<>();
		Iterator<CertificateStore> stores = stores(certificates, connection).iterator();
		for (CertificateSettings certificate : certificates) {
			boolean first = managers.isEmpty();
			@Nullable Supplier<List<X509Certificate>> authorities = authorities(certificate);
			SignerSource source = ClusterSigners.of(signers, certificate).orElse(first ? signers : furtherSigners);
			CertificateManager manager = create(certificate, stores.next(), source, first && bootstrapping,
					templates.find(certificate, managers), authorities);
			managers.add(manager);
			checks.add(() -> issuers.check(manager, certificate, authorities));
		}
		CertificateSettings first = certificates.get(0);
		connection.writeKubeconfig(first.storage().certDir().resolve(first.name() + "-current.pem"));
		checks.forEach(Runnable::run);
		return new CertificateManagers(managers);
	}

	private CertificateManager create(CertificateSettings settings, CertificateStore store, SignerSource signers,
			boolean bootstraps, @Nullable CertificateTemplateSupplier templates,
			@Nullable Supplier<List<X509Certificate>> authorities) {
		CertificateSettings.Request request = settings.request();
		Signer signer = request.signer();
		boolean rotates = settings.rotation().enabled();
		boolean requests = rotates || (bootstraps && settings.storage().initialPair() == null);
		if (requests) {
			requireSameNode(settings, store);
			if (templates == null && request.isEmpty()) {
				throw noTemplate(settings);
			}
			signer = requireSigner(settings);
		}
		Request requested = new Request((signer != null) ? signer.name() : Signer.KUBELET,
				(signer != null) ? signer.origin() : null, request.usages(), request.lifetime(), request.key(),
				naming(settings, bootstraps), (authorities != null) ? IssuedCertificateCheck.ofAuthorities(authorities)
						: IssuedCertificateCheck.ofAnyAuthority());
		RotationSettings rotation = new RotationSettings(settings.name(), requested, settings.rotation().schedule(),
				store, requests ? signers : null, this.resources);
		return new RotatingCertificateManager(rotation,
				(templates == null && !request.isEmpty()) ? request.template() : null, templates, null);
	}

	private static RequestNaming naming(CertificateSettings settings, boolean bootstraps) {
		return bootstraps ? RequestNaming.BOOTSTRAP
				: (settings.profile() != null) ? RequestNaming.BY_KEY : RequestNaming.after(settings.name());
	}

	/** Reads the Secrets at the same time: an API server may take long to answer. */
	private List<CertificateStore> stores(List<CertificateSettings> certificates, KubernetesConnection connection) {
		List<Runnable> checks = new ArrayList<>();
		List<CertificateStore> stores = certificates.stream()
			.map((certificate) -> store(certificate, connection, checks))
			.toList();
		checks.forEach(Runnable::run);
		return stores;
	}

	/** A Secret of another program is never replaced. */
	private CertificateStore store(CertificateSettings settings, KubernetesConnection connection,
			List<Runnable> checks) {
		CertificateSettings.Storage storage = settings.storage();
		SharedSecret secret = storage.secret();
		if (secret == null) {
			return files(settings);
		}
		PropertyNames properties = settings.properties();
		if (connection.isBootstrapping()) {
			throw properties.invalid("store.type", "secret",
					"With 'kubelet.cert.kubernetes.bootstrap-kubeconfig', the process is a node, which has no Secrets of its own: set this property to 'file'");
		}
		CertificateStore copy = secret.copied() ? new FileCertificateStore(storage.certDir(), settings.name(), null,
				storage.retain(), this.resources.clock()) : null;
		SecretStore store = connection.secretStore(secret, settings.name(), settings.rotation().enabled(), copy);
		CompletableFuture<Optional<String>> foreign = store.foreignContent();
		checks.add(() -> foreign.join().ifPresent((content) -> {
			throw properties.invalid("store.secret", secret,
					"The Secret %s. It is left as it is: name another Secret, or set '%s' to false, mount the Secret as a volume and set '%s' to its file"
						.formatted(content, properties.of("rotate-certificates"), properties.of("tls-cert-file")));
		}));
		return store;
	}

	/** Files that are named, and not rotated, are managed by another program. */
	private CertificateStore files(CertificateSettings settings) {
		CertificateSettings.Storage storage = settings.storage();
		PairLocation pair = storage.initialPair();
		Clock clock = this.resources.clock();
		if (pair == null || settings.rotation().enabled()) {
			return new FileCertificateStore(storage.certDir(), settings.name(), pair, storage.retain(), clock);
		}
		ManagedFilesStore store = new ManagedFilesStore(pair, clock);
		String host = settings.request().addresses().nodeName();
		if (storage.selfSigned() && store.createIfMissing(() -> SelfSignedPair.create(host, clock.instant()))) {
			logger.warn(
					"[{}] Created the self-signed pair {}, as a kubelet does. No client can verify it. To request a certificate from the cluster, turn its rotation on, which is off ({}); or set '{}' to a pair",
					settings.name(), pair, settings.rotation().origin(), settings.properties().of("tls-cert-file"));
		}
		return store;
	}

	/** An authority may sign only as long as the file names it. */
	private @Nullable Supplier<List<X509Certificate>> authorities(CertificateSettings settings) {
		Path file = settings.request().signerCaFile();
		if (file == null) {
			return null;
		}
		LiveTrust trust = new LiveTrust(TrustSource.file(file));
		settings.properties().check("signer-ca-file", file, trust::get);
		return () -> trust.get().authorities();
	}

	private static Signer requireSigner(CertificateSettings settings) {
		Signer signer = settings.request().signer();
		if (signer == null) {
			throw settings.properties()
				.invalid("signer-name", null,
						"Neither a signer nor an issuer is configured for certificate '%s': set '%s' if cert-manager issues the certificate, or set this property to the signer that does, such as %s"
							.formatted(settings.name(), settings.properties().of("issuer.name"),
									"kubernetes.io/kube-apiserver-client for a client certificate of the API server, "
											+ "kubernetes.io/kubelet-serving for the serving certificate of a node, "
											+ "or the name of a signer that is installed in the cluster"));
		}
		return signer;
	}

	private static InvalidConfigurationPropertyValueException noTemplate(CertificateSettings settings) {
		return settings.properties()
			.invalid("template.common-name", null,
					("No names are configured for certificate '%s': set this property or another one under 'template', "
							+ "set a profile, or define a CertificateTemplateSupplier bean. ")
						.formatted(settings.name())
							+ (settings.rotation().enabled()
									? "If no certificate is to be requested, set '%s' to false"
										.formatted(settings.properties().of("rotate-certificates"))
									: "With a bootstrap kubeconfig, a first certificate is requested even though rotation is off, unless '%s' names an existing pair"
										.formatted(settings.properties().of("tls-cert-file"))));
	}

	/** After a node was renamed, the certificate of the old one must not be replaced. */
	private static void requireSameNode(CertificateSettings settings, CertificateStore store) {
		String commonName = settings.request().template().commonName();
		String node = node(commonName);
		if (node == null) {
			return;
		}
		CertificatePair pair = store.read().pair();
		String stored = (pair != null) ? node(CertificateNames.commonName(pair.leaf())) : null;
		if (stored != null && !stored.equals(node)) {
			String property = settings.request().subjectProperty();
			throw new InvalidConfigurationPropertyValueException(property,
					property.endsWith("node-name") ? node : commonName,
					"The certificate in %s belongs to node '%s': name that node, or move its files away"
						.formatted(settings.storage().certDir(), stored));
		}
	}

	private static @Nullable String node(@Nullable String commonName) {
		return (commonName != null && commonName.startsWith(Profile.NODE_PREFIX))
				? commonName.substring(Profile.NODE_PREFIX.length()) : null;
	}

}
