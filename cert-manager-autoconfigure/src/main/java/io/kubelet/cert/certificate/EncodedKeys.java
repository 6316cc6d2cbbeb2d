package io.kubelet.cert.certificate;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.Map;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;

/**
 * Decodes keys by the algorithm names that every provider knows. Bouncy Castle's own
 * converter returns keys of other classes once its provider is installed, and the
 * Kubernetes client installs it.
 */
final class EncodedKeys {

	private static final Map<ASN1ObjectIdentifier, String> ALGORITHMS = Map.of(X9ObjectIdentifiers.id_ecPublicKey, "EC",
			PKCSObjectIdentifiers.rsaEncryption, "RSA", EdECObjectIdentifiers.id_Ed25519, "Ed25519");

	private EncodedKeys() {
	}

	static PrivateKey privateKey(PrivateKeyInfo info) throws IOException, GeneralSecurityException {
		KeyFactory factory = factory(info.getPrivateKeyAlgorithm());
		PrivateKey key = factory.generatePrivate(new PKCS8EncodedKeySpec(info.getEncoded()));
		// A public key inside an EC private key (RFC 5915) is unverified, so it is left
		// out
		return (key instanceof ECPrivateKey ec)
				? factory.generatePrivate(new ECPrivateKeySpec(ec.getS(), ec.getParams())) : key;
	}

	static PublicKey publicKey(SubjectPublicKeyInfo info) throws IOException, GeneralSecurityException {
		return factory(info.getAlgorithm()).generatePublic(new X509EncodedKeySpec(info.getEncoded()));
	}

	private static KeyFactory factory(AlgorithmIdentifier identifier) throws GeneralSecurityException {
		String algorithm = ALGORITHMS.get(identifier.getAlgorithm());
		if (algorithm == null) {
			throw new MalformedPemException("Keys of the algorithm " + identifier.getAlgorithm()
					+ " are not supported: use EC, RSA or Ed25519");
		}
		return KeyFactory.getInstance(algorithm);
	}

}
