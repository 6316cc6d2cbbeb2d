package io.kubelet.cert.certificate;

import java.security.Key;
import java.security.PublicKey;
import java.security.interfaces.ECKey;
import java.security.interfaces.RSAKey;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;

/**
 * The kind of key to generate.
 *
 * @param algorithm the key's algorithm
 * @param size the key's size in bits: 256, 384 or 521 for EC, 2048 to 8192 for RSA, 256
 * for Ed25519
 */
public record KeySpecification(Algorithm algorithm, int size) {

	private static final List<Integer> EC_SIZES = List.of(256, 384, 521);

	private static final int RSA_MINIMUM = 2048;

	private static final int RSA_MAXIMUM = 8192;

	/** By the object identifier, since several curves have one size. */
	private static final Map<String, String> CURVES = Map.of("2b81040021", "P-224", "2a8648ce3d030107", "P-256",
			"2b81040022", "P-384", "2b81040023", "P-521", "2b8104000a", "secp256k1", "2b2403030208010107",
			"brainpoolP256r1");

	/** EC P-256: the default, as for the kubelet. */
	public static final KeySpecification EC_P256 = new KeySpecification(Algorithm.EC, 256);

	/**
	 * Creates a specification.
	 * @throws IllegalArgumentException if keys of this size are too weak or do not exist
	 */
	public KeySpecification {
		switch (algorithm) {
			case EC -> require(EC_SIZES.contains(size), size, "EC keys have 256, 384 or 521 bits");
			case RSA -> require(size >= RSA_MINIMUM && size <= RSA_MAXIMUM, size, "RSA keys have 2048 to 8192 bits");
			case ED25519 -> require(size == 256, size, "Ed25519 keys have 256 bits");
		}
	}

	private static void require(boolean condition, int size, String rule) {
		if (!condition) {
			throw new IllegalArgumentException("Key size " + size + " is not supported: " + rule);
		}
	}

	/**
	 * Whether a key is at least as strong as the weakest that this class allows: RSA 2048
	 * or EC P-256.
	 * @param key the key
	 * @return {@code true} if the key is strong enough
	 */
	public static boolean isStrongEnough(PublicKey key) {
		if (key instanceof RSAKey rsa) {
			return rsa.getModulus().bitLength() >= RSA_MINIMUM;
		}
		return !(key instanceof ECKey ec) || ec.getParams().getCurve().getField().getFieldSize() >= 256;
	}

	/**
	 * Describes a public key in a form such as {@code EC P-256}, {@code RSA 2048} or
	 * {@code Ed25519}.
	 * @param key the key to describe
	 * @return the description
	 */
	public static String describe(PublicKey key) {
		if (key instanceof RSAKey rsa) {
			return "RSA " + rsa.getModulus().bitLength();
		}
		if (key instanceof ECKey ec) {
			String curve = CURVES.get(HexFormat.of().formatHex(EncodedKeys.curve(key)));
			return "EC " + ((curve != null) ? curve
					: "of %d bits".formatted(ec.getParams().getCurve().getField().getFieldSize()));
		}
		return key.getAlgorithm().equals("EdDSA") ? "Ed25519" : key.getAlgorithm();
	}

	/**
	 * Returns the algorithm to sign with. It depends on the kind of the key, not on the
	 * name that its provider uses.
	 * @param key a private or public key
	 * @return the JCA name of the signature algorithm
	 * @throws IllegalArgumentException if the key is not an EC, RSA, Ed25519 or ML-DSA
	 * key
	 */
	public static String signatureAlgorithm(Key key) {
		if (key instanceof ECKey) {
			return "SHA256withECDSA";
		}
		if (key instanceof RSAKey) {
			return "SHA256withRSA";
		}
		if (key.getAlgorithm().equals("EdDSA") || key.getAlgorithm().equals("Ed25519")) {
			return "Ed25519";
		}
		if (key.getAlgorithm().startsWith("ML-DSA")) {
			return "ML-DSA";
		}
		throw new IllegalArgumentException("Keys of the algorithm " + key.getAlgorithm() + " are not supported");
	}

	/**
	 * The algorithm of a private key.
	 */
	public enum Algorithm {

		/** Elliptic curve over a NIST curve: 256, 384 or 521 bits. */
		EC,

		/** RSA, from 2048 bits. */
		RSA,

		/** Edwards curve 25519 (RFC 8032), always 256 bits. */
		ED25519

	}

}
