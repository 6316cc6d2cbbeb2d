package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import org.jspecify.annotations.Nullable;

/**
 * Hands out the signer to ask. It is asked at every attempt, never twice at a time
 * (contract row C4).
 */
@FunctionalInterface
public interface SignerSource {

	/**
	 * Return the signer for one attempt.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 */
	CertificateSigner signer(@Nullable CertificatePair current);

}
