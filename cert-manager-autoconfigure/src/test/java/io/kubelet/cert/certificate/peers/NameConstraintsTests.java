package io.kubelet.cert.certificate.peers;

import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link NameConstraints}.
 *
 * @see NameConstraints
 */
class NameConstraintsTests {

	private final TestAuthority root = new TestAuthority("root");

	/** The length of a long extension takes more than one byte. */
	@ParameterizedTest
	@ValueSource(ints = { 1, 100 })
	void certificateMustComplyWithTheConstraintsOfItsIssuer(int labels) {
		String host = "a.".repeat(labels) + "example.org";
		TestAuthority limited = this.root.intermediateFor("limited", host);
		X509Certificate[] authorities = { this.root.certificate(), limited.certificate() };
		assertThatNoException()
			.isThrownBy(() -> NameConstraints.require(chain(limited, "spiffe://" + host + "/shop"), authorities));
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> NameConstraints.require(chain(limited, "spiffe://other.example/shop"), authorities))
			.withMessage("The authority 'CN=limited' must not issue a certificate with these names");
	}

	/** It has another name, or another key. */
	@ParameterizedTest
	@ValueSource(strings = { "other", "shop" })
	void constraintsOfAnAuthorityThatHasSignedNothingOfTheChainDoNotCount(String name) {
		X509Certificate[] authorities = { this.root.intermediateFor(name, "other.example").certificate() };
		TestAuthority issuer = this.root.intermediate("shop");
		assertThatNoException()
			.isThrownBy(() -> NameConstraints.require(chain(issuer, "spiffe://example.org/shop"), authorities));
	}

	@Test
	void constraintsCountAlsoAboveTheIssuer() {
		TestAuthority limited = this.root.intermediateFor("limited", "other.example");
		TestAuthority below = limited.intermediate("below");
		X509Certificate[] authorities = { limited.certificate() };
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> NameConstraints.require(chain(below, "spiffe://example.org/shop"), authorities));
	}

	private static X509Certificate[] chain(TestAuthority issuer, String uri) {
		return new X509Certificate[] { issuer.svid(uri).leaf(), issuer.certificate() };
	}

}
