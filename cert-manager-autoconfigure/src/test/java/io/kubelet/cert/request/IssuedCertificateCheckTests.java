package io.kubelet.cert.request;

import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Which chains are accepted (contract row B1).
 */
class IssuedCertificateCheckTests {

	/** Long past, as for a machine whose clock is set by the test alone. */
	private static final Instant NOW = Instant.parse("2001-01-01T00:00:00Z");

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("one");

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final CertificateRequest REQUEST = CertificateRequests.create("csr-1", TEMPLATE,
			"example.com/signer", List.of(Usage.CLIENT_AUTH), null, KEYS);

	private static final TestAuthority ROOT = new TestAuthority("root");

	private static final TestAuthority INTERMEDIATE = ROOT.intermediate("intermediate");

	private static final TestAuthority STRANGER = new TestAuthority("stranger");

	@ParameterizedTest(name = "{0}")
	@MethodSource("chains")
	void chainThatLeadsToAnAuthorityIsAccepted(String name, List<X509Certificate> chain,
			List<X509Certificate> authorities) {
		new IssuedCertificateCheck(() -> authorities).check(chain, REQUEST, NOW);
	}

	static Stream<Arguments> chains() {
		X509Certificate root = ROOT.certificate();
		X509Certificate intermediate = INTERMEDIATE.certificate();
		return Stream.of(arguments("signed by the root", List.of(leaf(ROOT)), List.of(root)),
				arguments("with the root in it", List.of(leaf(ROOT), root), List.of(root)),
				arguments("one of several authorities", List.of(leaf(ROOT)), List.of(STRANGER.certificate(), root)),
				arguments("with an intermediate", List.of(leaf(INTERMEDIATE), intermediate), List.of(root)),
				arguments("up to the root", List.of(leaf(INTERMEDIATE), intermediate, root), List.of(root)),
				arguments("signed by an intermediate that is trusted", List.of(leaf(INTERMEDIATE)),
						List.of(intermediate)),
				arguments("beyond an intermediate that is trusted", List.of(leaf(INTERMEDIATE), intermediate, root),
						List.of(intermediate)),
				arguments("no authorities known", List.of(leaf(STRANGER)), List.of()));
	}

	@Test
	void chainOfAnotherAuthorityIsRefusedWithThoseThatAreKnown() {
		IssuedCertificateCheck check = new IssuedCertificateCheck(
				() -> List.of(ROOT.certificate(), INTERMEDIATE.certificate()));
		assertThatExceptionOfType(CertificateRefusedException.class)
			.isThrownBy(() -> check.check(List.of(leaf(STRANGER)), REQUEST, NOW))
			.satisfies((refused) -> assertThat(refused.problems()).singleElement()
				.asString()
				.startsWith("its chain does not lead to a configured authority ([CN=root, CN=intermediate]): "));
	}

	@Test
	void chainWithoutItsIntermediateIsRefused() {
		IssuedCertificateCheck check = new IssuedCertificateCheck(() -> List.of(ROOT.certificate()));
		assertThatExceptionOfType(CertificateRefusedException.class)
			.isThrownBy(() -> check.check(List.of(leaf(INTERMEDIATE)), REQUEST, NOW))
			.withMessageContaining("does not lead to a configured authority ([CN=root])");
	}

	@Test
	void certificateIsAcceptedUpToItsEnd() {
		X509Certificate leaf = leaf(ROOT);
		new IssuedCertificateCheck(List::of).check(List.of(leaf), REQUEST, leaf.getNotAfter().toInstant());
		assertThatExceptionOfType(CertificateRefusedException.class)
			.isThrownBy(() -> new IssuedCertificateCheck(List::of).check(List.of(leaf), REQUEST,
					leaf.getNotAfter().toInstant().plusMillis(1)))
			.withMessageContaining("it has expired at");
	}

	private static X509Certificate leaf(TestAuthority authority) {
		return authority.issue(KEYS.getPublic(), TEMPLATE, NOW, NOW.plus(Duration.ofHours(1)));
	}

}
