package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.util.List;

import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Whether a request that is there already is ours.
 *
 * @see CertificateRequest
 * @see Pkcs10
 */
class RequestComparisonTests {

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private final CertificateRequest ours = request(this.keys, CertificateTemplate.ofSubject("n1", "o"));

	@Test
	void requestRepeatedWithTheSameKeyIsEqual() {
		CertificateRequest again = request(this.keys, this.ours.template());
		assertThat(again.pkcs10()).isNotEqualTo(this.ours.pkcs10());
		assertThat(this.ours.difference(Signer.of("example.com/ours"), again.pkcs10())).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "EC, 256", "RSA, 2048" })
	void whatIsDifferentIsToldOf(KeySpecification.Algorithm algorithm, int size) {
		KeyPair others = TestKeys.generate(new KeySpecification(algorithm, size));
		assertThat(this.ours.difference(Signer.of(""), this.ours.pkcs10()))
			.contains("its signer is '', not 'example.com/ours'");
		assertThat(this.ours.difference(Signer.of("example.com/ours"),
				request(others, CertificateTemplate.ofSubject("n2", "o")).pkcs10()))
			.contains("its subject is 'O=o,CN=n2', not 'O=o,CN=n1'");
		assertThat(this.ours.difference(Signer.of("example.com/ours"), "garbage")).contains("it cannot be read");
		assertThat(this.ours.difference(Signer.of("example.com/ours"), request(others, this.ours.template()).pkcs10()))
			.contains("it is not signed with our key");
	}

	private static CertificateRequest request(KeyPair keys, CertificateTemplate template) {
		return CertificateRequests.create("csr-1", template, Signer.of("example.com/ours"), List.of(Usage.CLIENT_AUTH),
				null, keys);
	}

}
