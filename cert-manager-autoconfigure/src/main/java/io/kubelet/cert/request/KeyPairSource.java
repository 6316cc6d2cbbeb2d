package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.spec.ECGenParameterSpec;

import io.kubelet.cert.certificate.KeySpecification;

/**
 * Makes key pairs. A new one for each request: a private key is never used for two
 * certificates.
 */
@FunctionalInterface
public interface KeyPairSource {

	/**
	 * Make a key pair.
	 * @param specification the kind of key
	 * @return the pair
	 */
	KeyPair generate(KeySpecification specification);

	/**
	 * Return this source, but for keys that are too weak (contract row C9).
	 * @return a source that throws {@link IllegalStateException} in place of a weak key
	 */
	default KeyPairSource refusingWeakKeys() {
		return (specification) -> {
			KeyPair keys = generate(specification);
			if (!KeySpecification.isStrongEnough(keys.getPublic())) {
				throw new IllegalStateException(
						"The key source made a key that is too weak: " + KeySpecification.describe(keys.getPublic()));
			}
			return keys;
		};
	}

	/**
	 * Return the source that asks the JDK's default provider.
	 * @return the source
	 */
	static KeyPairSource jdk() {
		return (specification) -> {
			try {
				KeyPairGenerator generator = KeyPairGenerator.getInstance(switch (specification.algorithm()) {
					case EC -> "EC";
					case RSA -> "RSA";
					case ED25519 -> "Ed25519";
				});
				switch (specification.algorithm()) {
					case EC -> generator.initialize(new ECGenParameterSpec("secp" + specification.size() + "r1"));
					case RSA -> generator.initialize(specification.size());
					case ED25519 -> {
						// There is one size only
					}
				}
				return generator.generateKeyPair();
			}
			catch (GeneralSecurityException ex) {
				throw new IllegalStateException("This JDK makes no keys of the kind " + specification, ex);
			}
		};
	}

}
