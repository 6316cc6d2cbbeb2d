package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;

import javax.security.auth.x500.X500Principal;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.rotation.CertificateManager;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.util.function.SingletonSupplier;

/**
 * Finds stored certificates that an unknown authority has issued, such as that of another
 * cluster or of a test, and has them replaced. The authorities are those of
 * {@code signer-ca-file}, otherwise for Kubernetes' own signers those of the cluster, if
 * one of them has the name of an issuer in the chain. A cluster may sign with an
 * authority that its kubeconfig does not contain. A certificate whose authorities are not
 * known is kept. The API server is not asked.
 */
final class StoredIssuers {

	private static final Logger logger = LoggerFactory.getLogger(StoredIssuers.class);

	private static final String KUBERNETES = "kubernetes.io/";

	/** The authorities of the cluster, which all certificates share. */
	private final Supplier<List<X509Certificate>> cluster;

	private final Clock clock;

	/**
	 * Creates a check.
	 * @param cluster the authorities of the cluster, empty if they are not known
	 * @param clock the clock
	 */
	StoredIssuers(Optional<TrustSource> cluster, Clock clock) {
		this.cluster = SingletonSupplier.of(() -> read(cluster));
		this.clock = clock;
	}

	/**
	 * Returns the check of what is issued for a certificate. An authority may sign only
	 * as long as {@code signer-ca-file} names it.
	 */
	static IssuedCertificateCheck named(CertificateSettings settings) {
		Path file = settings.request().signerCaFile();
		if (file == null) {
			return IssuedCertificateCheck.ofAnyAuthority();
		}
		LiveTrust trust = new LiveTrust("[%s] ".formatted(settings.name()), TrustSource.file(file));
		settings.properties().check("signer-ca-file", file, trust::refresh);
		return IssuedCertificateCheck.ofAuthorities(() -> trust.refresh().authorities());
	}

	/**
	 * Requests a new certificate if the chain of the stored one leads to none of the
	 * known authorities. The stored one stays in use until then.
	 * @param named the check of {@link #named}
	 */
	void check(CertificateManager manager, CertificateSettings settings, IssuedCertificateCheck named) {
		CertificatePair stored = manager.current().orElse(null);
		if (stored == null || !settings.rotation().enabled()) {
			return;
		}
		Path file = settings.request().signerCaFile();
		IssuedCertificateCheck check = (file != null) ? named
				: ofCluster(settings.request().requested().signer(), stored);
		if (check.issuerProblem(stored, this.clock.instant()).isPresent()) {
			logger.warn(
					"[{}] The stored certificate was issued by '{}', which is not an authority of {}. It stays in "
							+ "use, and a new one is requested. If the signer has its own authority, set '{}'",
					manager.name(), ExternalText.issuer(stored.leaf()), (file != null) ? file : "the cluster",
					settings.properties().of("signer-ca-file"));
			manager.rotate();
		}
	}

	private IssuedCertificateCheck ofCluster(Signer signer, CertificatePair stored) {
		if (!signer.toString().startsWith(KUBERNETES)) {
			return IssuedCertificateCheck.ofAnyAuthority();
		}
		List<X500Principal> issuers = stored.chain().stream().map(X509Certificate::getIssuerX500Principal).toList();
		return this.cluster.get().stream().map(X509Certificate::getSubjectX500Principal).anyMatch(issuers::contains)
				? IssuedCertificateCheck.ofAuthorities(this.cluster) : IssuedCertificateCheck.ofAnyAuthority();
	}

	/** A kubeconfig that cannot be read is reported by the first request. */
	private static List<X509Certificate> read(Optional<TrustSource> cluster) {
		try {
			return cluster.map((source) -> source.trust().get().authorities()).orElseGet(List::of);
		}
		catch (KubernetesConfigurationException ex) {
			return List.of();
		}
	}

}
