package io.kubelet.cert.request;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.io.UncheckedIOException;
import java.security.PublicKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.openssl.jcajce.JcaPEMKeyConverter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The names of requests, with vectors that the original made.
 */
class RequestNamingTests {

	@ParameterizedTest(name = "{0}")
	@MethodSource("vectors")
	void bootstrapNameIsTheKubeletsToTheLetter(String name, PublicKey key, CertificateTemplate template,
			List<Usage> usages) {
		assertThat(RequestNaming.BOOTSTRAP.name(key, template, usages)).isEqualTo(name);
	}

	@Test
	void nameByKeyIsTheSameForTheSameKeyAndAnotherForAnother() {
		PublicKey one = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		PublicKey other = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		CertificateTemplate template = CertificateTemplate.ofSubject("app");
		String name = RequestNaming.BY_KEY.name(one, template, List.of());
		assertThat(name).matches("csr-[0-9a-f]{20}")
			.isEqualTo(RequestNaming.BY_KEY.name(one, template, List.of(Usage.CLIENT_AUTH)))
			.isNotEqualTo(RequestNaming.BY_KEY.name(other, template, List.of()));
	}

	/** EKS would take such names for those of a kubelet's requests. */
	@ParameterizedTest
	@CsvSource({ "My.App!, my-app", "csr, certificate-csr", "'!', certificate" })
	void nameAfterACertificateIsReadableAndNeverBeginsWithCsr(String certificate, String readable) {
		PublicKey key = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		assertThat(RequestNaming.after(certificate).name(key, CertificateTemplate.ofSubject("app"), List.of()))
			.matches(readable + "-[0-9a-f]{20}");
	}

	static Stream<Arguments> vectors() throws IOException {
		try (InputStream file = RequestNamingTests.class
			.getResourceAsStream("/fixtures/bootstrap-request-names.json")) {
			JsonNode vectors = JsonMapper.shared().readTree(file);
			assertThat(vectors.size()).isGreaterThan(5);
			return vectors.valueStream().map(RequestNamingTests::vector).toList().stream();
		}
	}

	private static Arguments vector(JsonNode vector) {
		List<String> organizations = strings(vector.get("organizations"));
		return Arguments.of(vector.get("name").asString(), publicKey(vector.get("publicKey").asString()),
				CertificateTemplate.ofSubject(vector.get("commonName").asString(),
						organizations.toArray(String[]::new)),
				strings(vector.get("usages")).stream().map(Usage::of).toList());
	}

	private static List<String> strings(JsonNode array) {
		List<String> strings = new ArrayList<>();
		array.forEach((element) -> strings.add(element.asString()));
		return strings;
	}

	private static PublicKey publicKey(String pem) {
		try (PEMParser parser = new PEMParser(new StringReader(pem))) {
			return new JcaPEMKeyConverter()
				.getPublicKey((SubjectPublicKeyInfo) Objects.requireNonNull(parser.readObject()));
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
