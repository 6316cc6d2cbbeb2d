package io.kubelet.cert.simulation;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.NoSuchAlgorithmException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * Hands out keys that were made before, since making them is slow: the same for each
 * history, and so many that none comes twice while the server remembers its request. They
 * are real, but far too short for anything but speed.
 */
final class KeyPool {

	private static final int BITS = 512;

	private static final int SIZE = 512;

	private static final List<KeyPair> keys = new ArrayList<>();

	private static final Map<PrivateKey, PublicKey> publicKeys = new IdentityHashMap<>();

	private final KeyPairGenerator generator;

	private int next;

	KeyPool() {
		try {
			this.generator = KeyPairGenerator.getInstance("RSA");
			this.generator.initialize(BITS);
		}
		catch (NoSuchAlgorithmException ex) {
			throw new IllegalStateException(ex);
		}
	}

	KeyPair next() {
		int index = this.next++ % SIZE;
		if (index == keys.size()) {
			KeyPair pair = this.generator.generateKeyPair();
			keys.add(pair);
			publicKeys.put(pair.getPrivate(), pair.getPublic());
		}
		return keys.get(index);
	}

	/** Whether two keys are of one pair: without the engine's help, and cheap. */
	static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) {
		return publicKey.equals(publicKeys.get(privateKey));
	}

}
