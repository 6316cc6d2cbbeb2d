package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.request.CertificateSigner;
import org.jspecify.annotations.Nullable;

/**
 * Provides the signer. It is called at every attempt, and to remove the request of an
 * earlier process. Certificates that share a source call it from several threads.
 */
@FunctionalInterface
public interface SignerSource {

	/**
	 * Returns the signer for one attempt.
	 * @param current the pair to authenticate with, {@code null} if there is none that is
	 * valid
	 * @return the signer
	 */
	CertificateSigner signer(@Nullable CertificatePair current);

}
