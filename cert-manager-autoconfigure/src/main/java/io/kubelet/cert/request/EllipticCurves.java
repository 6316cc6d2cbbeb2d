package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Provider;
import java.security.Signature;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.ECPublicKey;
import java.security.spec.ECGenParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.ECPublicKeySpec;

import org.bouncycastle.jce.provider.BouncyCastleProvider;

/**
 * Generates and uses EC keys. Bouncy Castle does the work of SunEC, which takes four
 * times as long on JDK 17; see {@code docs/benchmarks.md}. Any other provider that the
 * JVM prefers, such as one for FIPS 140 or a hardware module, is used as it is.
 */
final class EllipticCurves {

	private static final String REPLACED = "SunEC";

	private static final Provider BOUNCY_CASTLE = new BouncyCastleProvider();

	private EllipticCurves() {
	}

	/**
	 * Generates a key pair, which consists of the JDK's classes if Bouncy Castle does it.
	 */
	static KeyPair generate(int size) throws GeneralSecurityException {
		KeyPairGenerator preferred = KeyPairGenerator.getInstance("EC");
		boolean replaced = preferred.getProvider().getName().equals(REPLACED);
		KeyPairGenerator generator = replaced ? KeyPairGenerator.getInstance("EC", BOUNCY_CASTLE) : preferred;
		generator.initialize(new ECGenParameterSpec("secp" + size + "r1"));
		KeyPair keys = generator.generateKeyPair();
		return replaced ? convert((ECPublicKey) keys.getPublic(), (ECPrivateKey) keys.getPrivate()) : keys;
	}

	private static KeyPair convert(ECPublicKey publicKey, ECPrivateKey privateKey) throws GeneralSecurityException {
		KeyFactory factory = KeyFactory.getInstance("EC", REPLACED);
		return new KeyPair(factory.generatePublic(new ECPublicKeySpec(publicKey.getW(), publicKey.getParams())),
				factory.generatePrivate(new ECPrivateKeySpec(privateKey.getS(), privateKey.getParams())));
	}

	/** Returns what signs with a key, initialized with it. */
	static Signature signature(String algorithm, PrivateKey key) throws GeneralSecurityException {
		Signature signature = Signature.getInstance(algorithm);
		signature.initSign(key);
		if (key instanceof ECPrivateKey && signature.getProvider().getName().equals(REPLACED)) {
			signature = Signature.getInstance(algorithm, BOUNCY_CASTLE);
			signature.initSign(key);
		}
		return signature;
	}

}
