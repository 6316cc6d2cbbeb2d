package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.KeyPair;
import java.security.interfaces.RSAPrivateCrtKey;
import java.security.spec.RSAPublicKeySpec;

import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.KeyPairSource;

/**
 * Keys for tests that only need some. Those of RSA with 2048 bits were made before: the
 * tests run without the optimizing compiler, which takes seconds to find their primes.
 */
public final class TestKeys {

	public static final KeySpecification RSA = new KeySpecification(KeySpecification.Algorithm.RSA, 2048);

	private static final KeyPair RSA_KEYS = read("rsa-1.pem");

	private static final KeyPair OTHER_RSA_KEYS = read("rsa-2.pem");

	private TestKeys() {
	}

	/** Of RSA, these are always the same. */
	public static KeyPair generate(KeySpecification key) {
		return key.equals(RSA) ? RSA_KEYS : KeyPairSource.jdk().generate(key);
	}

	/** These are not those of {@link #generate}. */
	public static KeyPair generateOther(KeySpecification key) {
		return key.equals(RSA) ? OTHER_RSA_KEYS : KeyPairSource.jdk().generate(key);
	}

	private static KeyPair read(String name) {
		try {
			RSAPrivateCrtKey key = (RSAPrivateCrtKey) Pem
				.readPrivateKey(Files.readString(Path.of("src/test/resources/keys", name)));
			return new KeyPair(KeyFactory.getInstance("RSA", "SunRsaSign")
				.generatePublic(new RSAPublicKeySpec(key.getModulus(), key.getPublicExponent())), key);
		}
		catch (IOException | GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
