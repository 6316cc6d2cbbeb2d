package io.kubelet.cert.certificate;

import java.io.IOException;
import java.security.PublicKey;

import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;

/**
 * Reads PKCS#10 requests (RFC 2986) in PEM form.
 */
final class Pkcs10 {

	static final String TYPE = "CERTIFICATE REQUEST";

	private Pkcs10() {
	}

	/** Returns the block of a request. */
	static PemBlock block(String text) {
		return PemBlock.read(text)
			.stream()
			.filter((candidate) -> candidate.type().equals(TYPE))
			.findFirst()
			.orElseThrow(() -> new MalformedPemException("There is no " + TYPE + " block"));
	}

	/**
	 * Reads a request alone.
	 * @throws MalformedPemException if the text does not hold an intact request
	 */
	static PKCS10CertificationRequest read(String text) {
		try {
			return new PKCS10CertificationRequest(block(text).content());
		}
		catch (IOException | RuntimeException ex) {
			throw PemBlock.damaged();
		}
	}

	/** Returns whether a request is signed with a key. */
	static boolean isSignedWith(PKCS10CertificationRequest request, PublicKey key) {
		try {
			return request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
		}
		catch (OperatorCreationException | PKCSException | RuntimeException ex) {
			return false;
		}
	}

}
