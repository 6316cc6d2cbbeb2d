package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
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

	private X509Certificate certificate(Usage... usages) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return this.authority.issue(keys.getPublic(), CertificateTemplate.ofSubject("one"),
				Instant.parse("2026-01-01T00:00:00Z"), Instant.parse("2026-01-02T00:00:00Z"), List.of(usages));
	}

}
