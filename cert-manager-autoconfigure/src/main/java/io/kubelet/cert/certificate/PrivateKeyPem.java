package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAKey;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * Creates the PEM block of a private key as Go writes it, so that a kubelet can read it.
 * Go does not accept an {@code EC PRIVATE KEY} that does not name its curve.
 */
final class PrivateKeyPem {

	private PrivateKeyPem() {
	}

	static PemBlock block(PrivateKey privateKey, PublicKey publicKey) {
		try {
			if (privateKey instanceof ECPrivateKey ec) {
				return new PemBlock("EC PRIVATE KEY", sec1(ec, publicKey));
			}
			PrivateKeyInfo info = PrivateKeyInfo.getInstance(privateKey.getEncoded());
			return (privateKey instanceof RSAKey)
					? new PemBlock("RSA PRIVATE KEY", info.parsePrivateKey().toASN1Primitive().getEncoded())
					: new PemBlock("PRIVATE KEY", info.getEncoded());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static byte[] sec1(ECPrivateKey privateKey, PublicKey publicKey) throws IOException {
		SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(publicKey.getEncoded());
		return new org.bouncycastle.asn1.sec.ECPrivateKey(privateKey.getParams().getOrder().bitLength(),
				privateKey.getS(), info.getPublicKeyData(), info.getAlgorithm().getParameters())
			.getEncoded();
	}

}
