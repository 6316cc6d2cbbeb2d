package io.kubelet.cert.autoconfigure;

import java.util.Optional;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Signer;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.rotation.SignerSource;
import org.jspecify.annotations.Nullable;

/**
 * Provides the signers of the cluster, unless the application has its own.
 *
 * @param connection the connection to the API server
 * @param issuer the issuer of cert-manager, {@code null} for a signer
 */
record ClusterSigners(KubernetesConnection connection, @Nullable Issuer issuer) implements SignerSource {

	/**
	 * Returns the signers of a certificate that has an issuer; empty if it has none, or
	 * if the signers are those of the application.
	 */
	static Optional<SignerSource> of(SignerSource signers, CertificateSettings certificate) {
		return Optional.ofNullable(certificate.request().signer())
			.map(Signer::issuer)
			.filter((issuer) -> signers instanceof ClusterSigners)
			.map((issuer) -> new ClusterSigners(((ClusterSigners) signers).connection, issuer));
	}

	@Override
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return this.connection.signer(this.issuer, current);
	}

}
