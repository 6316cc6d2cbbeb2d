package io.kubelet.cert.certificate;

import java.lang.reflect.Proxy;
import java.security.KeyPair;
import java.security.MessageDigest;
import java.security.ProviderException;
import java.security.cert.X509Certificate;
import java.security.interfaces.RSAPrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestKeys;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link CertificatePair}.
 *
 * @see CertificatePair
 */
class CertificatePairTests {

	private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	private static final Instant END = Instant.parse("2026-01-02T00:00:00Z");

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("one", "example");

	private final TestAuthority authority = new TestAuthority("pairs");

	@ParameterizedTest
	@CsvSource({ "EC, 256, EC P-256, SHA256withECDSA", "EC, 384, EC P-384, SHA256withECDSA",
			"EC, 521, EC P-521, SHA256withECDSA", "RSA, 2048, RSA 2048, SHA256withRSA",
			"ED25519, 256, Ed25519, Ed25519" })
	void keyOfEveryKindBelongsToItsCertificateAndToNoOther(KeySpecification.Algorithm algorithm, int size,
			String description, String signature) {
		KeySpecification specification = new KeySpecification(algorithm, size);
		KeyPair keys = TestKeys.generate(specification);
		KeyPair others = TestKeys.generateOther(specification);
		assertThat(KeySpecification.describe(keys.getPublic())).isEqualTo(description);
		assertThat(KeySpecification.signatureAlgorithm(keys.getPublic())).isEqualTo(signature);
		assertThat(KeySpecification.signatureAlgorithm(keys.getPrivate())).isEqualTo(signature);
		List<X509Certificate> chain = chain(keys);
		assertThat(new CertificatePair(chain, keys.getPrivate()).privateKey()).isSameAs(keys.getPrivate());
		assertThatIllegalArgumentException().isThrownBy(() -> new CertificatePair(chain, others.getPrivate()))
			.withMessageContaining("does not belong to the certificate");
		assertThat(CertificatePair.of(chain, keys).privateKey()).isSameAs(keys.getPrivate());
		assertThatIllegalArgumentException().isThrownBy(() -> CertificatePair.of(chain, others))
			.withMessageContaining("does not belong to the certificate");
	}

	/** Its content may be in a device, such as that of PKCS#11. */
	@Test
	void keyWhoseProviderCannotSignIsReportedWithTheCause() {
		KeyPair keys = TestKeys.generate(TestKeys.RSA);
		RSAPrivateKey key = (RSAPrivateKey) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { RSAPrivateKey.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getAlgorithm" -> "RSA";
					case "getModulus" -> throw new ProviderException("the token was removed");
					default -> null;
				});
		assertThatIllegalArgumentException().isThrownBy(() -> new CertificatePair(chain(keys), key))
			.withMessage("The private key cannot be used: it is damaged, of a curve that this JVM does not support, "
					+ "or its provider cannot sign")
			.havingRootCause()
			.isInstanceOf(ProviderException.class)
			.withMessage("the token was removed");
	}

	@Test
	void chainMustNotBeEmptyNorLongerThanPeersAccept() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		assertThatIllegalArgumentException().isThrownBy(() -> new CertificatePair(List.of(), keys.getPrivate()))
			.withMessage("There is no certificate");
		List<X509Certificate> many = Collections.nCopies(21, this.authority.certificate());
		assertThatIllegalArgumentException().isThrownBy(() -> new CertificatePair(many, keys.getPrivate()))
			.withMessage("The certificate cannot be used: its chain has 21 certificates, but at most 20 are accepted");
		CertificatePair pair = this.authority.pair(TEMPLATE, START, END);
		assertThatIllegalArgumentException().isThrownBy(() -> pair.withAuthorities(many))
			.withMessageContaining("the list of authorities that came with it has 21 certificates");
	}

	@Test
	void pairIsValidUpToAndIncludingItsEnd() {
		CertificatePair pair = this.authority.pair(TEMPLATE, START, END);
		assertThat(pair.notBefore()).isEqualTo(START);
		assertThat(pair.notAfter()).isEqualTo(END);
		assertThat(pair.lifetime()).isEqualTo(Duration.ofDays(1));
		assertThat(pair.isExpired(END)).isFalse();
		assertThat(pair.isExpired(END.plusMillis(1))).isTrue();
		assertThat(pair.isValid(END)).isTrue();
		assertThat(pair.isValid(END.plusMillis(1))).isFalse();
		assertThat(pair.isValid(START.minus(CertificatePair.CLOCK_SKEW))).isTrue();
		assertThat(pair.isValid(START.minus(CertificatePair.CLOCK_SKEW).minusMillis(1))).isFalse();
	}

	@Test
	void pairIsEqualToOneWithTheSameChain() {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		List<X509Certificate> chain = chain(keys);
		CertificatePair pair = new CertificatePair(chain, keys.getPrivate());
		CertificatePair other = new CertificatePair(chain(keys), keys.getPrivate());
		assertThat(pair).isEqualTo(new CertificatePair(chain, keys.getPrivate()))
			.hasSameHashCodeAs(new CertificatePair(chain, keys.getPrivate()))
			.isNotEqualTo(other)
			.doesNotHaveSameHashCodeAs(other)
			.isNotEqualTo(chain);
		CertificatePair withAuthorities = pair.withAuthorities(List.of(this.authority.certificate()));
		assertThat(withAuthorities).isEqualTo(pair);
		assertThat(withAuthorities.authorities()).containsExactly(this.authority.certificate());
	}

	@Test
	void textNamesTheCertificateAndNotTheKey() throws Exception {
		CertificatePair pair = this.authority.pair(TEMPLATE, START, END);
		assertThat(ExternalText.issuer(pair.leaf())).isEqualTo("CN=pairs");
		assertThat(pair.toString()).contains("CN=one", pair.serialNumber(), END.toString());
		assertThat(pair.serialNumber()).hasSizeGreaterThan(1).matches("([0-9a-f]{2})+");
		assertThat(Long.parseLong(pair.serialNumber(), 16)).isEqualTo(pair.leaf().getSerialNumber().longValue());
		byte[] digest = MessageDigest.getInstance("SHA-256").digest(pair.leaf().getEncoded());
		assertThat(pair.fingerprint()).isEqualTo("SHA256:" + HexFormat.of().withUpperCase().formatHex(digest));
	}

	private List<X509Certificate> chain(KeyPair keys) {
		return List.of(this.authority.issue(keys.getPublic(), TEMPLATE, START, END), this.authority.certificate());
	}

}
