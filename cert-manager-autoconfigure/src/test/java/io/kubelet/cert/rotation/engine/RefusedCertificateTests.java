package io.kubelet.cert.rotation.engine;

import java.net.InetAddress;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.IssuedCertificateCheck;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A certificate that is not what was asked for is not used.
 */
class RefusedCertificateTests extends ManagerFixture {

	private static final CertificateTemplate TEMPLATE = ManagerFixture.TEMPLATE.withDnsNames(List.of("n1.example.com"))
		.withIpAddresses(List.of(InetAddress.getLoopbackAddress()));

	private static final List<Usage> USAGES = List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);

	private static final Duration HOUR = Duration.ofHours(1);

	private final CertificatePair old = this.authority.pair(TEMPLATE, START.minus(Duration.ofHours(80)),
			START.plus(Duration.ofHours(20)));

	@ParameterizedTest(name = "{0}")
	@MethodSource("flaws")
	void flawedCertificateIsRefusedReportedAndAskedForAgainSlowly(String name, Flaw flaw, List<String> problems) {
		this.store.pair = this.old;
		this.signer.issues((request) -> List.of(flaw.issue(this.authority, request)));
		CertificateManager manager = start(builder().template(TEMPLATE)
			.check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.authority.certificate()))));
		assertThat(manager.current()).contains(this.old);
		assertThat(this.store.pair).isEqualTo(this.old);
		assertThat(this.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.reason()).isEqualTo("Refused");
			assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
			assertThat(failure.message().split(" refused: ")[1].split("; ")).hasSize(problems.size())
				.allSatisfy((problem) -> assertThat(problems).anyMatch(problem::contains));
		});
		pass(Duration.ofSeconds(59));
		assertThat(this.signer.requests).hasSize(1);
		pass(Duration.ofSeconds(1));
		assertThat(this.signer.requests).hasSize(2);
	}

	static Stream<Arguments> flaws() {
		return Stream.of(
				arguments("wrong key", flaw((authority, request) -> issue(authority, request, anotherKey(), TEMPLATE)),
						List.of("another public key")),
				arguments("not yet valid",
						flaw((authority, request) -> authority.issue(request.publicKey(), TEMPLATE,
								START.plusSeconds(301), START.plus(HOUR))),
						List.of("it is not valid before 2026-01-01T00:05:01Z")),
				arguments("unknown authority",
						flaw((authority, request) -> issue(new TestAuthority("unknown"), request, TEMPLATE)),
						List.of("its chain does not lead to a configured authority")),
				arguments("several flaws at once",
						flaw((authority, request) -> authority.issue(anotherKey().getPublic(),
								CertificateTemplate.ofSubject("someone else"), START.minus(HOUR), START.minusSeconds(1),
								List.of(Usage.SERVER_AUTH))),
						List.of("another public key", "common name is", "organizations lack", "DNS names lack",
								"IP addresses lack", "usage 'digital signature'", "usage 'client auth'",
								"it expired")));
	}

	@Test
	void nothingThatWasIssuedIsRefusedToo() {
		this.store.pair = this.old;
		this.signer.issues((request) -> List.of());
		start(builder().template(TEMPLATE));
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).contains("there is no certificate in it"));
	}

	@Test
	void certificateFromWithinTheClockSkewIsUsed() {
		Instant notBefore = START.plus(CertificatePair.CLOCK_SKEW);
		this.signer.issues((request) -> List
			.of(this.authority.issue(request.publicKey(), TEMPLATE, notBefore, notBefore.plus(HOUR), USAGES)));
		CertificateManager manager = start(builder().template(TEMPLATE));
		assertThat(manager.current()).isPresent();
	}

	@Test
	void signerThatDropsANameIsAskedLessThanThirtyTimesADay() {
		this.signer.issues((request) -> List
			.of(issue(this.authority, request, TEMPLATE.withDnsNames(List.of()).withIpAddresses(List.of()))));
		start(builder().template(TEMPLATE));
		pass(Duration.ofDays(1));
		assertThat(this.signer.requests).hasSizeBetween(24, 29);
	}

	private static X509Certificate issue(TestAuthority authority, CertificateRequest request,
			CertificateTemplate template) {
		return authority.issue(request.publicKey(), template, START, START.plus(HOUR), USAGES);
	}

	private static X509Certificate issue(TestAuthority authority, CertificateRequest request, KeyPair keys,
			CertificateTemplate template) {
		return authority.issue(keys.getPublic(), template, START, START.plus(HOUR), request.usages());
	}

	private static KeyPair anotherKey() {
		return KeyPairSource.jdk().generate(KeySpecification.EC_P256);
	}

	private static Flaw flaw(Flaw flaw) {
		return flaw;
	}

	@FunctionalInterface
	interface Flaw {

		X509Certificate issue(TestAuthority authority, CertificateRequest request);

	}

}
