package io.kubelet.cert.request;

import java.io.IOException;
import java.io.StringReader;
import java.security.PublicKey;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;

/**
 * Compares a request that the signer already has with ours.
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
			PKCS10CertificationRequest theirRequest = parse(pkcs10);
			PKCS10CertificationRequest ourRequest = parse(ours.pkcs10());
			if (!theirRequest.getSubject().equals(ourRequest.getSubject())) {
				return Optional.of("its subject is '%s', not '%s'"
					.formatted(ExternalText.clean(theirRequest.getSubject().toString()), ourRequest.getSubject()));
			}
			return isSignedWith(theirRequest, ours.publicKey()) ? Optional.empty()
					: Optional.of("it is not signed with our key");
		}
		catch (IOException ex) {
			return Optional.of("it cannot be read");
		}
	}

	private static boolean isSignedWith(PKCS10CertificationRequest request, PublicKey key) {
		try {
			return request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
		}
		catch (OperatorCreationException | PKCSException | RuntimeException ex) {
			return false;
		}
	}

	private static PKCS10CertificationRequest parse(String pem) throws IOException {
		try (PEMParser parser = new PEMParser(new StringReader(pem))) {
			if (parser.readObject() instanceof PKCS10CertificationRequest request) {
				return request;
			}
			throw new IOException("there is no CERTIFICATE REQUEST block");
		}
	}

}
