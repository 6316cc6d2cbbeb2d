package io.kubelet.cert.request;

import java.io.IOException;
import java.io.StringReader;
import java.security.KeyPair;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * What a certificate signing request says (RFC 2986).
 */
class CertificateRequestsTests {

	private static final CertificateTemplate NAMES = new CertificateTemplate("one", List.of("o1", "o2"),
			List.of("a.example", "b.example"), List.of(CertificateNames.parseIpAddress("10.0.0.1")),
			List.of("spiffe://a"), List.of("a@example.com"));

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	@Test
	void everythingThatTheTemplateSaysIsAskedFor() throws IOException {
		PKCS10CertificationRequest request = parse(create(NAMES, this.keys));
		assertThat(request.getSubject()).hasToString("O=o1,O=o2,CN=one");
		CertificateRequest made = CertificateRequests.create("csr", NAMES, "example.com/signer",
				List.of(Usage.CLIENT_AUTH), null, this.keys);
		assertThat(PendingRequest.ofPem(new PendingRequest(made, this.keys.getPrivate(), null, null).toPem())
			.request()
			.template()).isEqualTo(NAMES);
	}

	@Test
	void namesOfEveryKindAreAskedFor() throws IOException {
		assertThat(GeneralNames.getInstance(names(create(NAMES, this.keys)).getParsedValue()).getNames())
			.containsExactlyInAnyOrder(new GeneralName(GeneralName.dNSName, "a.example"),
					new GeneralName(GeneralName.dNSName, "b.example"),
					new GeneralName(GeneralName.rfc822Name, "a@example.com"),
					new GeneralName(GeneralName.iPAddress, "10.0.0.1"),
					new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://a"));
	}

	@Test
	void namesAreCriticalOnlyWhereThereIsNoSubjectBesideThem() throws IOException {
		CertificateTemplate alone = CertificateTemplate.ofSubject(null).withDnsNames(List.of("a.example"));
		assertThat(names(create(NAMES, this.keys)).isCritical()).isFalse();
		assertThat(names(create(alone, this.keys)).isCritical()).isTrue();
	}

	@Test
	void nothingIsAskedForBesideASubjectAlone() throws IOException {
		PKCS10CertificationRequest request = parse(create(CertificateTemplate.ofSubject("one"), this.keys));
		assertThat(request.getAttributes()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "EC, 256", "RSA, 2048", "ED25519, 256" })
	void requestIsSignedWithItsOwnKey(KeySpecification.Algorithm algorithm, int size) throws Exception {
		KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(algorithm, size));
		PKCS10CertificationRequest request = parse(create(NAMES, keys));
		assertThat(request.getSubjectPublicKeyInfo().getEncoded()).isEqualTo(keys.getPublic().getEncoded());
		assertThat(request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(keys.getPublic()))).isTrue();
	}

	@Test
	void requestIsNotConfirmedYet() {
		CertificateRequest request = CertificateRequests.create("csr", NAMES, "example.com/signer",
				List.of(Usage.CLIENT_AUTH), Duration.ofHours(1), this.keys);
		assertThat(request.uid()).isNull();
		assertThat(request.createdAt()).isNull();
		assertThat(request.requestedLifetime()).hasHours(1);
		assertThat(request.publicKey()).isEqualTo(this.keys.getPublic());
	}

	@Test
	void keyOfAnotherKindCannotSign() {
		KeyPair rsa = KeyPairSource.jdk().generate(new KeySpecification(KeySpecification.Algorithm.RSA, 2048));
		assertThatIllegalArgumentException()
			.isThrownBy(() -> create(NAMES, new KeyPair(this.keys.getPublic(), rsa.getPrivate())))
			.withMessage("The key cannot sign a request");
	}

	private static String create(CertificateTemplate template, KeyPair keys) {
		return CertificateRequests.create("csr", template, "example.com/signer", List.of(Usage.CLIENT_AUTH), null, keys)
			.pkcs10();
	}

	private static Extension names(String pem) throws IOException {
		Extensions extensions = parse(pem).getRequestedExtensions();
		assertThat(extensions.getExtensionOIDs()).hasSize(1);
		return extensions.getExtension(Extension.subjectAlternativeName);
	}

	private static PKCS10CertificationRequest parse(String pem) throws IOException {
		try (PEMParser parser = new PEMParser(new StringReader(pem))) {
			return (PKCS10CertificationRequest) Objects.requireNonNull(parser.readObject());
		}
	}

}
