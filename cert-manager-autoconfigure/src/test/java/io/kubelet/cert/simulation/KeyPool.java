package io.kubelet.cert.simulation;

import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPrivateKeySpec;
import java.security.spec.RSAPublicKeySpec;
import java.util.ArrayList;
import java.util.List;

/**
 * Hands out keys that were made before, since making them is slow: the same for each
 * history, and so many that none comes twice while the server remembers its request. They
 * are real, but good for nothing but speed: far too short, and with the small exponent in
 * the private key, since signing took half of the time.
 */
final class KeyPool {

	private static final int BITS = 512;

	private static final int SIZE = 4096;

	private static final List<KeyPair> keys = new ArrayList<>();

	private int next;

	KeyPair next() {
		int index = this.next++ % SIZE;
		if (index == keys.size()) {
			keys.add(generate());
		}
		return keys.get(index);
	}

	private static KeyPair generate() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
			generator.initialize(BITS);
			RSAPrivateCrtKey key = (RSAPrivateCrtKey) generator.generateKeyPair().getPrivate();
			KeyFactory factory = KeyFactory.getInstance("RSA");
			return new KeyPair(factory.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPrivateExponent())),
					factory.generatePrivate(new RSAPrivateKeySpec(key.getModulus(), key.getPublicExponent())));
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
