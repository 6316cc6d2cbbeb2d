package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;

import io.kubelet.cert.certificate.KeySpecification;

/**
 * Generates key pairs. Each request has a new one: a private key is never used for two
 * certificates.
 */
@FunctionalInterface
public interface KeyPairSource {

	/**
	 * Generates a key pair.
	 * @param specification the kind of key
	 * @return the pair
	 */
	KeyPair generate(KeySpecification specification);

	/**
	 * Returns this source with a check that each key is strong enough.
	 * @return a source that throws an {@link IllegalStateException} if it is not
	 */
	default KeyPairSource requiringStrongKeys() {
		return (specification) -> {
			KeyPair keys = generate(specification);
			if (!KeySpecification.isStrongEnough(keys.getPublic())) {
				throw new IllegalStateException("The key source generated a key that is too weak: "
						+ KeySpecification.describe(keys.getPublic()));
			}
			return keys;
		};
	}

	/**
	 * Returns the source that uses the JDK's default providers; Bouncy Castle generates
	 * EC keys in place of the JDK's own SunEC.
	 * @return the source
	 */
	static KeyPairSource jdk() {
		return (specification) -> {
			try {
				return switch (specification.algorithm()) {
					case EC -> EllipticCurves.generate(specification.size());
					case RSA -> {
						KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
						generator.initialize(specification.size());
						yield generator.generateKeyPair();
					}
					case ED25519 -> KeyPairGenerator.getInstance("Ed25519").generateKeyPair();
				};
			}
			catch (GeneralSecurityException ex) {
				throw new IllegalStateException("This JDK cannot generate keys of the kind " + specification, ex);
			}
		};
	}

}
