package io.kubelet.cert.request;

import java.io.IOException;
import java.io.StringReader;
import java.security.KeyPair;
import java.security.interfaces.RSAKey;
import java.time.Duration;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.testsupport.TestKeys;
import org.bouncycastle.asn1.x500.X500Name;
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
 *
 * @see CertificateRequests
 * @see CertificateRequest
 */
class CertificateRequestsTests {

	private static final CertificateTemplate NAMES = new CertificateTemplate("one", List.of("o1", "o2"),
			List.of("a.example", "b.example"), List.of(CertificateNames.parseIpAddress("10.0.0.1")),
			List.of("spiffe://a"), List.of("a@example.com"));

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	@Test
	void everythingThatTheTemplateSaysIsAskedFor() throws IOException {
		CertificateRequest request = create(NAMES, this.keys);
		assertThat(parse(request).getSubject()).hasToString("O=o1,O=o2,CN=one");
		assertThat(GeneralNames.getInstance(names(request).getParsedValue()).getNames()).containsExactlyInAnyOrder(
				new GeneralName(GeneralName.dNSName, "a.example"), new GeneralName(GeneralName.dNSName, "b.example"),
				new GeneralName(GeneralName.rfc822Name, "a@example.com"),
				new GeneralName(GeneralName.iPAddress, "10.0.0.1"),
				new GeneralName(GeneralName.uniformResourceIdentifier, "spiffe://a"));
		PendingRequest pending = new PendingRequest(request, this.keys.getPrivate(), KeySpecification.EC_P256, "0a");
		assertThat(PendingRequest.ofPem(pending.toPem())).isEqualTo(pending);
	}

	/** The text form of a name has a syntax, which the parts of a subject have not. */
	@Test
	void subjectIsAskedForAsItIs() throws IOException {
		X500Name subject = parse(create(CertificateTemplate.ofSubject("\\one", "#1 Hosting"), this.keys)).getSubject();
		assertThat(subject.getRDNs()).extracting((rdn) -> rdn.getFirst().getValue().toString())
			.containsExactly("#1 Hosting", "\\one");
	}

	@Test
	void nameThatIsNotAsciiIsNoOtherName() {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> create(
					CertificateTemplate.ofSubject("one").withDnsNames(List.of("\u0161koda.example.com")), this.keys))
			.withMessage(
					"'\u0161koda.example.com' cannot be requested: names in a certificate consist of ASCII characters");
	}

	@Test
	void namesAreCriticalOnlyWhereThereIsNoSubjectBesideThem() throws IOException {
		CertificateTemplate alone = CertificateTemplate.ofSubject(null).withDnsNames(List.of("a.example"));
		assertThat(names(create(NAMES, this.keys)).isCritical()).isFalse();
		assertThat(names(create(alone, this.keys)).isCritical()).isTrue();
		assertThat(parse(create(CertificateTemplate.ofSubject("one"), this.keys)).getAttributes()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "EC, 256", "RSA, 2560", "ED25519, 256" })
	void requestIsSignedWithItsOwnKey(KeySpecification.Algorithm algorithm, int size) throws Exception {
		KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(algorithm, size));
		assertThat(keys.getPublic() instanceof RSAKey rsa ? rsa.getModulus().bitLength() : size).isEqualTo(size);
		PKCS10CertificationRequest request = parse(create(NAMES, keys));
		assertThat(request.getSubjectPublicKeyInfo().getEncoded()).isEqualTo(keys.getPublic().getEncoded());
		assertThat(request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(keys.getPublic()))).isTrue();
	}

	@Test
	void keyOfAnotherKindCannotSign() {
		KeyPair rsa = TestKeys.generate(TestKeys.RSA);
		assertThatIllegalArgumentException()
			.isThrownBy(() -> create(NAMES, new KeyPair(this.keys.getPublic(), rsa.getPrivate())))
			.withMessage("The key cannot sign a request");
	}

	private static CertificateRequest create(CertificateTemplate template, KeyPair keys) {
		return CertificateRequests.create("csr", template, Signer.of("example.com/signer"), List.of(Usage.CLIENT_AUTH),
				Duration.ofHours(1), keys);
	}

	private static Extension names(CertificateRequest request) throws IOException {
		Extensions extensions = parse(request).getRequestedExtensions();
		assertThat(extensions.getExtensionOIDs()).hasSize(1);
		return extensions.getExtension(Extension.subjectAlternativeName);
	}

	private static PKCS10CertificationRequest parse(CertificateRequest request) throws IOException {
		try (PEMParser parser = new PEMParser(new StringReader(request.pkcs10()))) {
			return (PKCS10CertificationRequest) Objects.requireNonNull(parser.readObject());
		}
	}

}
