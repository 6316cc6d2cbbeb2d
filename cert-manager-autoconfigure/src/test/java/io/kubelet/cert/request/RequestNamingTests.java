package io.kubelet.cert.request;

import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.security.PublicKey;
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
import org.junit.jupiter.params.provider.CsvSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The names of requests, with vectors that the original made.
 *
 * @see RequestNaming
 */
class RequestNamingTests {

	private static final PublicKey KEY = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("app");

	@Test
	void bootstrapNameIsTheKubeletsToTheLetter() throws Exception {
		try (InputStream file = getClass().getResourceAsStream("/fixtures/bootstrap-request-names.json")) {
			JsonNode vectors = JsonMapper.shared().readTree(file);
			assertThat(vectors.size()).isGreaterThan(5);
			for (JsonNode vector : vectors) {
				CertificateTemplate template = CertificateTemplate.ofSubject(vector.get("commonName").asString(),
						strings(vector.get("organizations")).toArray(String[]::new));
				List<Usage> usages = strings(vector.get("usages")).map(Usage::of).toList();
				assertThat(
						RequestNaming.BOOTSTRAP.name(publicKey(vector.get("publicKey").asString()), template, usages))
					.isEqualTo(vector.get("name").asString());
			}
		}
	}

	@Test
	void nameByKeyIsTheSameForTheSameKeyAndAnotherForAnother() {
		PublicKey other = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		String name = RequestNaming.BY_KEY.name(KEY, TEMPLATE, List.of());
		assertThat(name).matches("csr-[0-9a-f]{20}")
			.isEqualTo(RequestNaming.BY_KEY.name(KEY, TEMPLATE, List.of(Usage.CLIENT_AUTH)))
			.isNotEqualTo(RequestNaming.BY_KEY.name(other, TEMPLATE, List.of()));
	}

	/** EKS would take such names for those of a kubelet's requests. */
	@ParameterizedTest
	@CsvSource({ "My.App!, my-app", "csr, certificate-csr", "'!', certificate" })
	void nameAfterACertificateIsReadableAndNeverBeginsWithCsr(String certificate, String readable) {
		assertThat(RequestNaming.after(certificate).name(KEY, TEMPLATE, List.of())).matches(readable + "-[0-9a-f]{20}");
	}

	private static Stream<String> strings(JsonNode array) {
		return array.valueStream().map(JsonNode::asString);
	}

	private static PublicKey publicKey(String pem) throws IOException {
		try (PEMParser parser = new PEMParser(new StringReader(pem))) {
			return new JcaPEMKeyConverter()
				.getPublicKey((SubjectPublicKeyInfo) Objects.requireNonNull(parser.readObject()));
		}
	}

}
