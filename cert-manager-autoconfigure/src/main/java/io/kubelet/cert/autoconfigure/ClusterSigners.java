package io.kubelet.cert.autoconfigure;

import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.SignerSource;
import org.jspecify.annotations.Nullable;

/**
 * Provides the signers of the cluster, unless the application has its own. Certificates
 * with an issuer have a signer of their own.
 */
final class ClusterSigners implements SignerSource {

	private final KubernetesConnection connection;

	ClusterSigners(KubernetesConnection connection) {
		this.connection = connection;
	}

	/**
	 * Returns the signers of a certificate that has an issuer; empty if it has none, or
	 * if the signers are those of the application.
	 */
	static Optional<SignerSource> of(SignerSource signers, CertificateSettings certificate) {
		return Optional.ofNullable(certificate.request().signer())
			.map(Signer::issuer)
			.filter((issuer) -> signers instanceof ClusterSigners)
			.map((issuer) -> (current) -> ((ClusterSigners) signers).connection.signer(issuer, current));
	}

	@Override
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return this.connection.signer(current);
	}

}
