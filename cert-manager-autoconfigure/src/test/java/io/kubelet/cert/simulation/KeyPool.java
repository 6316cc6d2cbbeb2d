package io.kubelet.cert.simulation;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

/**
 * Hands out keys that were made before, since making them is slow: the same for each
 * history, and none twice in it, since requests are told apart by their keys. They are
 * real, but good for nothing but speed: far too short, of two of a few primes, since
 * finding these took half of the time, and with the small exponent in the private key,
 * since signing took half of the rest.
 */
final class KeyPool {

	private static final int BITS = 512;

	private static final BigInteger EXPONENT = BigInteger.valueOf(65537);

	private static final Random random = new Random();

	private static final List<KeyPair> keys = new ArrayList<>();

	private static final List<BigInteger> primes = new ArrayList<>();

	private int next;

	KeyPair next() {
		while (this.next >= keys.size()) {
			addKeys();
		}
		return keys.get(this.next++);
	}

	/** Adds the keys of another prime and of each that is known. */
	private static void addKeys() {
		BigInteger prime = Stream.generate(() -> BigInteger.probablePrime(BITS / 2, random))
			// Otherwise a product is too short
			.filter((candidate) -> candidate.testBit(BITS / 2 - 2))
			// Otherwise the exponent has no inverse
			.filter((candidate) -> !candidate.mod(EXPONENT).equals(BigInteger.ONE))
			.findFirst()
			.orElseThrow();
		primes.forEach((other) -> keys.add(key(prime, other)));
		primes.add(prime);
	}

	private static KeyPair key(BigInteger one, BigInteger other) {
		BigInteger modulus = one.multiply(other);
		BigInteger order = one.subtract(BigInteger.ONE).multiply(other.subtract(BigInteger.ONE));
		try {
			KeyFactory factory = KeyFactory.getInstance("RSA");
			return new KeyPair(factory.generatePublic(new RSAPublicKeySpec(modulus, EXPONENT.modInverse(order))),
					factory.generatePrivate(new RSAPrivateKeySpec(modulus, EXPONENT)));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
