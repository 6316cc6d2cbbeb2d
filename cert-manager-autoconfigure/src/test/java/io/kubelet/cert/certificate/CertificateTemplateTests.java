package io.kubelet.cert.certificate;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;
import java.util.stream.IntStream;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.OtherName;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CertificateTemplate}.
 *
 * @see CertificateTemplate
 * @see CertificateNames
 */
class CertificateTemplateTests {

	private static final CertificateTemplate FULL = CertificateTemplate.ofSubject("one", "o1", "o2")
		.withEmailAddresses(List.of("a@example.com"))
		.withUris(List.of("spiffe://a"))
		.withIpAddresses(
				List.of(CertificateNames.parseIpAddress("10.0.0.1"), CertificateNames.parseIpAddress("fd00::1")))
		.withDnsNames(List.of("a.example"));

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	@Test
	void certificateSaysAllThatItWasMadeOf() {
		assertThat(CertificateTemplate.of(certificate(FULL))).isEqualTo(FULL);
		assertThat(FULL.isSatisfiedBy(certificate(FULL))).isTrue();
		assertThat(CertificateTemplate.ofSubject("one", "o2").isSatisfiedBy(certificate(FULL))).isTrue();
	}

	@Test
	void everyFieldThatDiffersIsTold() {
		assertThat(FULL.differences(certificate(CertificateTemplate.ofSubject("two")))).containsExactly(
				"common name is 'two', not 'one'", "organizations lack [o1, o2]", "DNS names lack [a.example]",
				"IP addresses lack [10.0.0.1, fd00:0:0:0:0:0:0:1]", "URIs lack [spiffe://a]",
				"e-mail addresses lack [a@example.com]");
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			value = { "one | | common name is missing ('one')", "| one | common name is 'one', but none is requested" })
	void commonNameThatIsMissingOrNotRequestedIsADifference(@Nullable String requested, @Nullable String actual,
			String difference) {
		assertThat(CertificateTemplate.ofSubject(requested, "o")
			.differences(certificate(CertificateTemplate.ofSubject(actual, "o")))).containsExactly(difference);
	}

	@Test
	void templateWithoutCommonNameWantsNone() {
		CertificateTemplate template = CertificateTemplate.ofSubject(null, "o1");
		assertThat(template.isSatisfiedBy(certificate(template))).isTrue();
		assertThat(template.isSatisfiedBy(certificate(FULL))).isFalse();
		assertThat(template.isSatisfiedBy(null)).isFalse();
	}

	/** An authority may write DNS names in lower case. */
	@Test
	void caseOfDnsNamesDoesNotMatter() {
		X509Certificate lower = certificate(FULL.withDnsNames(List.of("shop.example", "one")));
		CertificateTemplate template = FULL.withDnsNames(List.of("Shop.example"));
		assertThat(template.isSatisfiedBy(lower)).isTrue();
		assertThat(template.additionalNames(lower)).isEmpty();
	}

	@Test
	void namesBeyondTheTemplateAreListedUpToTen() {
		List<String> names = IntStream.range(0, 300).mapToObj((i) -> i + ".example").toList();
		CertificateTemplate subject = CertificateTemplate.ofSubject("0.example");
		assertThat(subject.additionalNames(certificate(subject.withDnsNames(names)))).hasSize(11)
			.startsWith("DNS:1.example")
			.endsWith("DNS:10.example", "289 more");
		CertificateTemplate ten = CertificateTemplate.ofSubject("cn", "o")
			.withDnsNames(names.subList(0, 6))
			.withIpAddresses(List.of(CertificateNames.parseIpAddress("10.0.0.1")))
			.withUris(FULL.uris())
			.withEmailAddresses(FULL.emailAddresses());
		assertThat(CertificateTemplate.ofSubject("cn").additionalNames(certificate(ten))).hasSize(10)
			.startsWith("O:o", "DNS:0.example")
			.endsWith("IP:10.0.0.1", "URI:spiffe://a", "email:a@example.com");
	}

	@ParameterizedTest
	@ValueSource(strings = { "localhost", "10.0.0", "10.0.0.256", "", "fd00::1::2", ".:1" })
	void whatIsNoIpAddressIsNeverLookedUp(String text) {
		assertThatIllegalArgumentException().isThrownBy(() -> CertificateNames.parseIpAddress(text))
			.withMessage("'" + text + "' is not an IP address");
	}

	@Test
	void certificateWhoseNamesCannotBeReadSatisfiesNoTemplate() {
		CertificateTemplate template = CertificateTemplate.ofSubject("cn", "o");
		CertificatePair pair = new TestAuthority("ca").pairWithMalformedNames(template, Instant.EPOCH,
				Instant.EPOCH.plusSeconds(60));
		assertThat(template.isSatisfiedBy(pair.leaf())).isFalse();
		assertThat(template.differences(pair.leaf()))
			.containsExactly("The subject alternative names of the certificate with serial number "
					+ pair.serialNumber() + " cannot be read");
		assertThat(CertificateNames.commonName(pair.leaf())).isEqualTo("cn");
	}

	/**
	 * Also as Active Directory issues them, with the user in an otherName (RFC 5280,
	 * 4.2.1.6).
	 */
	@Test
	void namesThatShareAPartOfTheSubjectAreToldApartAndOtherKindsOfNamesDoNotMatter() throws Exception {
		X500Name subject = new X500Name("CN=one+O=o1,O=o2+OU=unit");
		Date date = Date.from(Instant.EPOCH);
		GeneralName user = new GeneralName(GeneralName.otherName,
				new OtherName(new ASN1ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), new DERUTF8String("a@example.com")));
		X509CertificateHolder certificate = new JcaX509v3CertificateBuilder(subject, BigInteger.ONE, date, date,
				subject, this.keys.getPublic())
			.addExtension(Extension.subjectAlternativeName, false,
					new GeneralNames(new GeneralName[] { user, new GeneralName(GeneralName.dNSName, "a.example") }))
			.build(new JcaContentSignerBuilder("SHA256withECDSA").build(this.keys.getPrivate()));
		assertThat(CertificateTemplate.of(new JcaX509CertificateConverter().getCertificate(certificate)))
			.isEqualTo(CertificateTemplate.ofSubject("one", "o1", "o2").withDnsNames(List.of("a.example")));
	}

	private X509Certificate certificate(CertificateTemplate template) {
		return new TestAuthority("templates").issue(this.keys.getPublic(), template,
				Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-02T00:00:00Z"));
	}

}
