package io.kubelet.cert.request;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateRequestPem;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.MalformedPemException;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/**
 * Compares a request that the signer already has with a request of this application.
 */
public final class RequestComparison {

	private RequestComparison() {
	}

	/**
	 * Returns how a request differs from ours.
	 * @param signerName its signer
	 * @param pkcs10 its PKCS#10 request as PEM
	 * @param ours our request
	 * @return the difference, empty if subject, signer and key are the same
	 */
	public static Optional<String> difference(String signerName, String pkcs10, CertificateRequest ours) {
		if (!signerName.equals(ours.signerName())) {
			return Optional.of("its signer is '%s', not '%s'".formatted(signerName, ours.signerName()));
		}
		try {
			PKCS10CertificationRequest theirRequest = CertificateRequestPem.readPkcs10(pkcs10);
			PKCS10CertificationRequest ourRequest = CertificateRequestPem.readPkcs10(ours.pkcs10());
			if (!theirRequest.getSubject().equals(ourRequest.getSubject())) {
				return Optional.of("its subject is '%s', not '%s'"
					.formatted(ExternalText.clean(theirRequest.getSubject().toString()), ourRequest.getSubject()));
			}
			return CertificateRequestPem.isSignedWith(theirRequest, ours.publicKey()) ? Optional.empty()
					: Optional.of("it is not signed with our key");
		}
		catch (MalformedPemException ex) {
			return Optional.of("it cannot be read");
		}
	}

}
