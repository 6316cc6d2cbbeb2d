package io.kubelet.cert.certificate;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import javax.security.auth.x500.X500Principal;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Usage}.
 *
 * @see Usage
 */
class UsageTests {

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private final TestAuthority authority = new TestAuthority("usages");

	@ParameterizedTest
	@EnumSource
	void usageIsFoundByItsName(Usage usage) {
		assertThat(Usage.of(usage.value())).isSameAs(usage).hasToString(usage.value());
	}

	@Test
	void unknownNameIsRefusedWithThoseThatAreKnown() {
		assertThatIllegalArgumentException().isThrownBy(() -> Usage.of("nonsense"))
			.withMessageContaining("'nonsense'")
			.withMessageContaining("digital signature");
	}

	@Test
	void certificateCarriesWhatItsExtensionsSayAndNothingElse() {
		X509Certificate certificate = certificate(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
		assertThat(Usage.values()).filteredOn((usage) -> usage.isCarriedBy(certificate))
			.containsExactlyInAnyOrder(Usage.SIGNING, Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
		assertThat(Usage.SERVER_AUTH.isCarriedBy(certificate(Usage.DIGITAL_SIGNATURE))).as("unrestricted").isTrue();
	}

	/** RFC 5280, 4.2.1.12: who does not restrict the purposes allows all of them. */
	@Test
	void purposeIsExcludedByOthersOnly() {
		assertThat(List.of(List.of(Usage.CLIENT_AUTH), List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH)))
			.allMatch(Usage.SERVER_AUTH::isExcludedBy);
		assertThat(List.of(List.<Usage>of(), List.of(Usage.DIGITAL_SIGNATURE), List.of(Usage.ANY),
				List.of(Usage.CLIENT_AUTH, Usage.ANY), List.of(Usage.CLIENT_AUTH, Usage.SERVER_AUTH)))
			.noneMatch(Usage.SERVER_AUTH::isExcludedBy);
	}

	/** The JDK returns the same for an extension that it cannot read and for none. */
	@Test
	void usagesThatCannotBeReadAreNotCarried() throws Exception {
		X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(this.authority.certificate(), BigInteger.TEN,
				new Date(0), new Date(0), new X500Principal("CN=one"), KEYS.getPublic());
		byte[] malformed = { 0x30, (byte) 0x80 };
		builder.addExtension(Extension.keyUsage, false, malformed);
		builder.addExtension(Extension.extendedKeyUsage, false, malformed);
		X509Certificate certificate = new JcaX509CertificateConverter()
			.getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(KEYS.getPrivate())));
		assertThat(Usage.values()).noneMatch((usage) -> usage.isCarriedBy(certificate));
	}

	/** Bouncy Castle throws an exception where the JDK returns nothing. */
	@Test
	void purposesThatAnotherProviderCannotReadAreNotCarried() throws Exception {
		X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(this.authority.certificate(), BigInteger.TEN,
				new Date(0), new Date(0), new X500Principal("CN=one"), KEYS.getPublic());
		builder.addExtension(Extension.extendedKeyUsage, false, new byte[] { 0x30, (byte) 0x80 });
		X509Certificate certificate = new JcaX509CertificateConverter().setProvider(new BouncyCastleProvider())
			.getCertificate(builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(KEYS.getPrivate())));
		assertThat(Usage.SERVER_AUTH.isCarriedBy(certificate)).isFalse();
	}

	private X509Certificate certificate(Usage... usages) {
		return this.authority.issue(KEYS.getPublic(), CertificateTemplate.ofSubject("one"),
				Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-02T00:00:00Z"), List.of(usages));
	}

}
