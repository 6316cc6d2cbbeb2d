package io.kubelet.cert.rotation.engine;

import java.net.InetAddress;
import java.security.PublicKey;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate that is not what was asked for is not used.
 *
 * @see io.kubelet.cert.request.IssuedCertificateCheck
 */
class RefusedCertificateTests extends ManagerFixture {

	private static final CertificateTemplate NAMES = TEMPLATE.withDnsNames(List.of("n1.example.com"))
		.withIpAddresses(List.of(InetAddress.getLoopbackAddress()));

	private final CertificatePair old = this.authority.pair(NAMES, START.minus(ofHours(80)), START.plus(ofHours(20)));

	@Override
	public CertificateManagerBuilder builder() {
		return super.builder().template(NAMES);
	}

	@Test
	void flawedCertificateIsRefusedReportedAndAskedForAgainSlowly() {
		this.store.pair = this.old;
		PublicKey another = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		this.signer
			.issues((request) -> List.of(this.authority.issue(another, CertificateTemplate.ofSubject("someone else"),
					START.minusSeconds(60), START.minusSeconds(1), List.of(Usage.SERVER_AUTH))));
		CertificateManager manager = start();
		assertThat(manager.current()).contains(this.old);
		assertThat(this.store.pair).isEqualTo(this.old);
		assertThat(this.failures).singleElement()
			.returns("Refused", Failure::reason)
			.returns(Kind.REFUSED, Failure::kind)
			.satisfies((failure) -> assertThat(failure.message()).contains(" refused: ", "another public key",
					"common name is", "organizations lack", "DNS names lack", "IP addresses lack",
					"usage 'digital signature'", "usage 'client auth'", "it expired"));
		pass(ofSeconds(59));
		assertThat(this.signer.requests).hasSize(1);
		pass(ofSeconds(1));
		assertThat(this.signer.requests).hasSize(2);
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
