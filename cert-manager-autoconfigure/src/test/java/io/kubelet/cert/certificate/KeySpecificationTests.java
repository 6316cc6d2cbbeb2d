package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PublicKey;
import java.security.spec.ECGenParameterSpec;
import java.util.stream.Stream;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestKeys;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Keys that are strong enough.
 *
 * @see KeySpecification
 * @see KeyPairSource
 */
class KeySpecificationTests {

	@ParameterizedTest(name = "{0}")
	@MethodSource("keys")
	void sourceOfWeakKeysIsRefused(String name, PublicKey key, boolean strong) {
		assertThat(KeySpecification.isStrongEnough(key)).isEqualTo(strong);
		KeyPairSource source = ((KeyPairSource) (specification) -> new KeyPair(key, null)).requiringStrongKeys();
		if (strong) {
			assertThat(source.generate(KeySpecification.EC_P256).getPublic()).isEqualTo(key);
		}
		else {
			assertThatIllegalStateException().isThrownBy(() -> source.generate(KeySpecification.EC_P256))
				.withMessageContaining("too weak");
		}
	}

	static Stream<Arguments> keys() throws Exception {
		return Stream.of(arguments("RSA 1024 is refused", key("RSA", 1024), false),
				arguments("P-224 is refused", key("EC", 224), false),
				arguments("RSA 2048 is accepted", TestKeys.generate(TestKeys.RSA).getPublic(), true),
				arguments("P-256 is accepted", key("EC", 256), true));
	}

	/** The JDK makes no weak curves any more. */
	private static PublicKey key(String algorithm, int size) throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance(algorithm, new BouncyCastleProvider());
		generator.initialize(size);
		return generator.generateKeyPair().getPublic();
	}

	@ParameterizedTest
	@CsvSource({ "EC,224", "EC,255", "RSA,1024", "RSA,2047", "RSA,8193", "ED25519,255" })
	void specificationOfAWeakOrUnknownKeyIsRefused(KeySpecification.Algorithm algorithm, int size) {
		assertThatIllegalArgumentException().isThrownBy(() -> new KeySpecification(algorithm, size))
			.withMessageStartingWith("Key size " + size + " is not supported");
		assertThat(new KeySpecification(KeySpecification.Algorithm.RSA, 8192).size()).isEqualTo(8192);
	}

	@ParameterizedTest
	@CsvSource({ "secp224r1, EC P-224", "secp256r1, EC P-256", "secp384r1, EC P-384", "secp521r1, EC P-521",
			"secp256k1, EC secp256k1", "brainpoolP256r1, EC brainpoolP256r1", "brainpoolP384r1, EC of 384 bits" })
	void keyIsDescribedByItsCurve(String curve, String description) throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("EC", new BouncyCastleProvider());
		generator.initialize(new ECGenParameterSpec(curve));
		PublicKey key = generator.generateKeyPair().getPublic();
		assertThat(KeySpecification.describe(key)).isEqualTo(description);
		assertThat(KeySpecification.describe(EncodedKeys.publicKey(key.getEncoded()))).isEqualTo(description);
	}

	@Test
	void keyOfAnotherKindIsDescribedByItsAlgorithmAndNotSignedWith() throws Exception {
		PublicKey key = KeyPairGenerator.getInstance("X25519").generateKeyPair().getPublic();
		assertThat(KeySpecification.describe(key)).isEqualTo("XDH");
		assertThatIllegalArgumentException().isThrownBy(() -> KeySpecification.signatureAlgorithm(key))
			.withMessage("Keys of the algorithm XDH are not supported");
	}

}
