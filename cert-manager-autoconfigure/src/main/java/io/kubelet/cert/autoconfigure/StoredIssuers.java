package io.kubelet.cert.autoconfigure;

import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Supplier;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.rotation.CertificateManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds stored certificates that an unknown authority has issued, such as that of another
 * cluster or of a test, and has them replaced. The authorities are those of
 * {@code signer-ca-file}, otherwise for Kubernetes' own signers those of the cluster. A
 * certificate whose authorities are not known is left alone. Nothing is requested to find
 * out.
 */
final class StoredIssuers {

	private static final Logger logger = LoggerFactory.getLogger(StoredIssuers.class);

	private static final String KUBERNETES = "kubernetes.io/";

	private final @Nullable TrustSource cluster;

	private @Nullable List<X509Certificate> clusterAuthorities;

	/**
	 * Creates a check.
	 * @param cluster the authorities of the cluster, {@code null} if they are not known
	 */
	StoredIssuers(@Nullable TrustSource cluster) {
		this.cluster = cluster;
	}

	/**
	 * Requests a new certificate if the issuer of the stored one is not among the known
	 * authorities. The stored one stays in use until then.
	 */
	void check(CertificateManager manager, CertificateSettings settings,
			@Nullable Supplier<List<X509Certificate>> signerAuthorities) {
		CertificatePair stored = manager.current().orElse(null);
		if (stored == null || !settings.rotation().enabled()) {
			return;
		}
		boolean named = signerAuthorities != null;
		List<X509Certificate> authorities = (signerAuthorities != null) ? signerAuthorities.get()
				: authorities(settings);
		if (!authorities.isEmpty() && stored.chain().stream().noneMatch((member) -> isFrom(authorities, member))) {
			logger.warn("[{}] The stored certificate was issued by '{}', which is not an authority of {}. It is used "
					+ "until a new one is issued, which is requested now. If the signer has an authority of its own, "
					+ "name it with '{}'", manager.name(), stored.leaf().getIssuerX500Principal().getName(),
					named ? settings.request().signerCaFile() : "the cluster",
					settings.properties().of("signer-ca-file"));
			manager.rotate();
		}
	}

	private List<X509Certificate> authorities(CertificateSettings settings) {
		CertificateSettings.Signer signer = settings.request().signer();
		return (signer != null && signer.name().startsWith(KUBERNETES)) ? clusterAuthorities() : List.of();
	}

	private List<X509Certificate> clusterAuthorities() {
		List<X509Certificate> authorities = this.clusterAuthorities;
		if (authorities == null) {
			authorities = read(this.cluster);
			this.clusterAuthorities = authorities;
		}
		return authorities;
	}

	/** A kubeconfig that cannot be read is reported where it is needed. */
	private static List<X509Certificate> read(@Nullable TrustSource source) {
		try {
			return (source != null) ? source.read().trust().authorities() : List.of();
		}
		catch (KubernetesConfigurationException ex) {
			return List.of();
		}
	}

	private static boolean isFrom(List<X509Certificate> authorities, X509Certificate certificate) {
		return authorities.stream()
			.anyMatch((authority) -> authority.equals(certificate) || isIssuedBy(authority, certificate));
	}

	private static boolean isIssuedBy(X509Certificate authority, X509Certificate certificate) {
		if (!authority.getSubjectX500Principal().equals(certificate.getIssuerX500Principal())) {
			return false;
		}
		try {
			certificate.verify(authority.getPublicKey());
			return true;
		}
		catch (GeneralSecurityException ex) {
			return false;
		}
	}

}
