package io.kubelet.cert.certificate.peers;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link TrustedIssuers}.
 *
 * @see TrustedIssuers
 */
class TrustedIssuersTests {

	private final TrustedIssuers issuers = new TrustedIssuers();

	/** Whichever of them is newer, with identifiers of the keys and without. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void authoritiesOfOneNameAreToldApart(boolean identified) {
		TestAuthority one = new TestAuthority("same", identified);
		TestAuthority other = new TestAuthority("same", identified);
		List<X509Certificate> trusted = List.of(one.certificate(), other.certificate());
		for (TestAuthority authority : List.of(one, other)) {
			X509Certificate leaf = authority.pair("shop").leaf();
			assertThat(leaf.getExtensionValue("2.5.29.35") != null).isEqualTo(identified);
			assertThat(this.issuers.of(new Certificate[] { leaf }, trusted)).contains(authority.certificate());
			assertThat(this.issuers.of(new Certificate[] { leaf, authority.certificate() }, trusted))
				.contains(authority.certificate());
		}
	}

	@Test
	void authorityThatIsNoLongerTrustedIsNone() {
		TestAuthority one = new TestAuthority("one");
		Certificate[] chain = { one.pair("shop").leaf() };
		assertThat(this.issuers.of(chain, List.of(one.certificate()))).contains(one.certificate());
		assertThat(this.issuers.of(chain, List.of(new TestAuthority("other").certificate()))).isEmpty();
	}

}
