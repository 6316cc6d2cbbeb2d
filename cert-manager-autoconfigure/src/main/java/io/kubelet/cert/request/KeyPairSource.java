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
