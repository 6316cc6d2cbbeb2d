package io.kubelet.cert.rotation.engine;

import java.net.InetAddress;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.function.Function;
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
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * A certificate that is not what was asked for is not used.
 */
class RefusedCertificateTests extends ManagerFixture {

	private static final CertificateTemplate NAMES = TEMPLATE.withDnsNames(List.of("n1.example.com"))
		.withIpAddresses(List.of(InetAddress.getLoopbackAddress()));

	private final CertificatePair old = this.authority.pair(NAMES, START.minus(ofHours(80)), START.plus(ofHours(20)));

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().template(NAMES)
			.check(IssuedCertificateCheck.ofAuthorities(() -> List.of(this.authority.certificate())));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("flaws")
	void flawedCertificateIsRefusedReportedAndAskedForAgainSlowly(String name,
			Function<CertificateRequest, X509Certificate> flawed, List<String> problems) {
		this.store.pair = this.old;
		this.signer.issues((request) -> List.of(flawed.apply(request)));
		CertificateManager manager = start();
		assertThat(manager.current()).contains(this.old);
		assertThat(this.store.pair).isEqualTo(this.old);
		assertThat(this.failures).singleElement().returns("Refused", Failure::reason).satisfies((failure) -> {
			assertThat(failure.kind()).isEqualTo(Kind.REFUSED);
			assertThat(failure.message().split(" refused: ")[1].split("; ")).hasSize(problems.size())
				.allSatisfy((problem) -> assertThat(problems).anyMatch(problem::contains));
		});
		pass(ofSeconds(59));
		assertThat(this.signer.requests).hasSize(1);
		pass(ofSeconds(1));
		assertThat(this.signer.requests).hasSize(2);
	}

	static Stream<Arguments> flaws() {
		TestAuthority unknown = new TestAuthority("unknown");
		PublicKey another = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		return Stream.of(
				flaw("unknown authority",
						(request) -> unknown.issue(request.publicKey(), NAMES, START, START.plusSeconds(60)),
						"its chain does not lead to a configured authority"),
				flaw("several flaws at once",
						(request) -> unknown.issue(another, CertificateTemplate.ofSubject("someone else"),
								START.minusSeconds(60), START.minusSeconds(1), List.of(Usage.SERVER_AUTH)),
						"another public key", "common name is", "organizations lack", "DNS names lack",
						"IP addresses lack", "usage 'digital signature'", "usage 'client auth'", "it expired"));
	}

	private static Arguments flaw(String name, Function<CertificateRequest, X509Certificate> flawed,
			String... problems) {
		return arguments(name, flawed, List.of(problems));
	}

	@Test
	void nothingThatWasIssuedIsRefusedToo() {
		this.signer.issues((request) -> List.of());
		start();
		assertThat(this.failures).singleElement()
			.satisfies((failure) -> assertThat(failure.message()).contains("there is no certificate in it"));
	}

	@ParameterizedTest
	@ValueSource(ints = { 300, 301 })
	void certificateFromWithinTheClockSkewIsUsed(int seconds) {
		Instant notBefore = START.plusSeconds(seconds);
		this.signer.issues((request) -> List
			.of(this.authority.issue(request.publicKey(), NAMES, notBefore, notBefore.plusSeconds(3600))));
		assertThat(start().current().isPresent()).isEqualTo(seconds == 300);
	}

	@Test
	void signerThatDropsANameIsAskedLessThanThirtyTimesADay() {
		this.signer.issues((request) -> List
			.of(this.authority.issue(request.publicKey(), TEMPLATE, START, START.plus(ofDays(2)))));
		start();
		pass(ofDays(1));
		assertThat(this.signer.requests).hasSizeBetween(24, 29);
	}

}
