package io.kubelet.cert.request;

import java.security.KeyPair;

import io.kubelet.cert.certificate.KeySpecification;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Keys that the JDK makes.
 */
class KeyPairSourceTests {

	@ParameterizedTest
	@CsvSource({ "EC, 256, EC P-256, SHA256withECDSA", "EC, 384, EC P-384, SHA256withECDSA",
			"EC, 521, EC P-521, SHA256withECDSA", "RSA, 2048, RSA 2048, SHA256withRSA",
			"RSA, 3072, RSA 3072, SHA256withRSA", "ED25519, 256, Ed25519, Ed25519" })
	void keyIsAsSpecifiedAndANewOneEachTime(KeySpecification.Algorithm algorithm, int size, String description,
			String signature) {
		KeySpecification specification = new KeySpecification(algorithm, size);
		KeyPair keys = KeyPairSource.jdk().generate(specification);
		assertThat(KeySpecification.describe(keys.getPublic())).isEqualTo(description);
		assertThat(KeySpecification.signatureAlgorithm(keys.getPublic())).isEqualTo(signature);
		assertThat(KeySpecification.signatureAlgorithm(keys.getPrivate())).isEqualTo(signature);
		assertThat(KeyPairSource.jdk().generate(specification).getPublic()).isNotEqualTo(keys.getPublic());
	}

}
