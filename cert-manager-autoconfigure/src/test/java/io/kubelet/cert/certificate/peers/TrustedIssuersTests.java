package io.kubelet.cert.certificate.peers;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.stream.IntStream;

import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.CountingProvider.Operation;
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

	/** RFC 5280, 4.2.1.1: without both there is nothing to compare. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void authorityIsFoundIfOnlyOneOfBothNamesTheKey(boolean identified) {
		TestAuthority issuer = new TestAuthority("issuer", identified);
		X509Certificate authority = new TestAuthority("root", !identified).crossSign(issuer);
		Certificate[] chain = { issuer.pair("shop").leaf() };
		assertThat(this.issuers.of(chain, List.of(authority))).contains(authority);
	}

	/** As often as a handshake takes place. */
	@Test
	void nothingIsVerifiedIfThePeerNamesTheKeyOfItsIssuer() {
		TestAuthority one = new TestAuthority("same", true);
		List<X509Certificate> trusted = List.of(new TestAuthority("same", true).certificate(), one.certificate(),
				new TestAuthority("same", true).certificate());
		Certificate[] chain = { one.pair("shop").leaf() };
		try (CountingProvider counts = new CountingProvider()) {
			assertThat(this.issuers.of(chain, trusted)).contains(one.certificate());
			assertThat(counts.take()).doesNotContainKey(Operation.VERIFICATION);
		}
	}

	/** The JDK remembers the last key of each certificate, so that there are three. */
	@Test
	void signaturesAreVerifiedOnceForEachOfTheLast128Peers() {
		TestAuthority last = new TestAuthority("same");
		List<X509Certificate> trusted = List.of(new TestAuthority("same").certificate(),
				new TestAuthority("same").certificate(), last.certificate());
		List<Certificate[]> peers = IntStream.range(0, 129)
			.mapToObj((peer) -> new Certificate[] { last.pair("shop").leaf() })
			.toList();
		try (CountingProvider counts = new CountingProvider()) {
			peers.subList(0, 128).forEach((peer) -> this.issuers.of(peer, trusted));
			assertThat(counts.take()).containsEntry(Operation.VERIFICATION, 2 * 128);
			for (Certificate[] peer : peers.subList(0, 128)) {
				assertThat(this.issuers.of(peer, trusted)).contains(last.certificate());
			}
			assertThat(counts.take()).doesNotContainKey(Operation.VERIFICATION);
			this.issuers.of(peers.get(128), trusted);
			this.issuers.of(peers.get(0), trusted);
			assertThat(counts.take()).as("one has taken the place of the other")
				.containsEntry(Operation.VERIFICATION, 4);
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
