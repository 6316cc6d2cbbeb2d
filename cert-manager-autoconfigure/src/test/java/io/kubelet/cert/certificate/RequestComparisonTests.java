package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.request.CertificateRequests;
import io.kubelet.cert.request.KeyPairSource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Whether a request that is there already is ours.
 */
class RequestComparisonTests {

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private final CertificateRequest ours = request(this.keys, CertificateTemplate.ofSubject("n1", "o"));

	@ParameterizedTest(name = "{0}")
	@MethodSource("signers")
	void signerIsCompared(String name, String signerName, String difference) {
		assertThat(this.ours.difference(signerName, this.ours.pkcs10()).orElse("")).isEqualTo(difference);
	}

	static Stream<Arguments> signers() {
		return Stream.of(arguments("with the signer", "example.com/ours", ""),
				arguments("without a signer", "", "its signer is '', not 'example.com/ours'"),
				arguments("with another signer", "example.com/other",
						"its signer is 'example.com/other', not 'example.com/ours'"));
	}

	@Test
	void requestRepeatedWithTheSameKeyIsEqual() {
		CertificateRequest again = CertificateRequests.create("csr-2", this.ours.template(), this.ours.signerName(),
				this.ours.usages(), null, this.keys);
		assertThat(again.pkcs10()).isNotEqualTo(this.ours.pkcs10());
		assertThat(this.ours.difference(again.signerName(), again.pkcs10())).isEmpty();
	}

	@Test
	void anotherSubjectIsToldOf() {
		String other = request(KeyPairSource.jdk().generate(KeySpecification.EC_P256),
				CertificateTemplate.ofSubject("n2", "o"))
			.pkcs10();
		assertThat(this.ours.difference("example.com/ours", other).orElse(""))
			.isEqualTo("its subject is 'O=o,CN=n2', not 'O=o,CN=n1'");
	}

	@ParameterizedTest
	@CsvSource({ "EC, 256", "RSA, 2048" })
	void anotherKeyIsToldOf(KeySpecification.Algorithm algorithm, int size) {
		String other = request(KeyPairSource.jdk().generate(new KeySpecification(algorithm, size)),
				CertificateTemplate.ofSubject("n1", "o"))
			.pkcs10();
		assertThat(this.ours.difference("example.com/ours", other)).contains("it is not signed with our key");
	}

	@Test
	void whatIsNoRequestIsToldOf() {
		assertThat(this.ours.difference("example.com/ours", "garbage").orElse("")).startsWith("it cannot be read");
	}

	private static CertificateRequest request(KeyPair keys, CertificateTemplate template) {
		return CertificateRequests.create("csr-1", template, "example.com/ours", List.of(Usage.CLIENT_AUTH), null,
				keys);
	}

}
