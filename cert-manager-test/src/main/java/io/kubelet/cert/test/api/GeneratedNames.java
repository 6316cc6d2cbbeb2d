package io.kubelet.cert.test.api;

import java.util.concurrent.ThreadLocalRandom;

/**
 * Makes up the random part of names, of the letters that Kubernetes uses.
 */
public final class GeneratedNames {

	private static final String ALPHABET = "bcdfghjklmnpqrstvwxz2456789";

	private GeneratedNames() {
	}

	public static String suffix(int length) {
		StringBuilder suffix = new StringBuilder();
		ThreadLocalRandom.current()
			.ints(length, 0, ALPHABET.length())
			.forEach((index) -> suffix.append(ALPHABET.charAt(index)));
		return suffix.toString();
	}

}
