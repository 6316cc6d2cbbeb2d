package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.autoconfigure.settings.CertificateSettings;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Issuer;
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
	 * Returns the signers of a certificate. An issuer is one of the cluster, unless the
	 * application has its own signers.
	 */
	static SignerSource of(SignerSource signers, CertificateSettings certificate) {
		return (signers instanceof ClusterSigners cluster)
				? new ClusterSigners(cluster.connection, certificate.request().issuer()) : signers;
	}

	@Override
	public CertificateSigner signer(@Nullable CertificatePair current) {
		return this.connection.signer(this.issuer, current);
	}

}
