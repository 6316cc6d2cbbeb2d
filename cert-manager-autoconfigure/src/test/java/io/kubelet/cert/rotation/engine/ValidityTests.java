package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static io.kubelet.cert.testsupport.ManagerFixture.assertLine;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate is valid from its start, minus the accepted clock skew, to its end.
 */
@ExtendWith(OutputCaptureExtension.class)
class ValidityTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void storedPairThatIsNotYetValidIsReportedAndReplaced(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofDays(-2), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.fixture.credentials).containsExactly((CertificatePair) null);
		assertThat(this.fixture.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertLine(output, "is not valid before").contains("WARN", stored.notBefore().toString(), "Check the clock");
		assertThat(output).doesNotContain("Using the stored certificate");
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.fixture.warnings).hasSize(2).endsWith("unavailable");
	}

	@Test
	void pairThatBeginsWithinTheClockSkewIsValid() {
		CertificatePair stored = this.fixture.pair(Duration.ofMinutes(-5), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start();
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.fixture.signer.requests).isEmpty();
	}

	@Test
	void pairOfAnotherProgramThatIsNotYetValidIsReported(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(-2), Duration.ofDays(40));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.fixture.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertThat(output).contains("Rotation is off: replace the stored pair");
		assertLine(output, "is not valid before").contains("ERROR");
		this.fixture.time.pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("STATIC");
	}

	@Test
	void clockSetTwoDaysBackMakesACertificateInvalid() {
		this.fixture.signer.lifetime = Duration.ofDays(40);
		CertificateManager manager = this.fixture.start();
		CertificatePair first = manager.current().orElseThrow();
		this.fixture.time.setClock(Duration.ofDays(-2));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		this.fixture.time.pass(LOOK);
		assertThat(this.fixture.warnings).containsExactly("not yet valid " + first.serialNumber());
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().rotations().history().get(0).trigger()).hasToString("NOT_YET_VALID");
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@Test
	void clockSetAnHourBackAndRightAgainKeepsTheCertificate() {
		CertificatePair first = this.fixture.pair(Duration.ofMinutes(5), Duration.ofDays(1));
		this.fixture.store.pair = first;
		CertificateManager manager = this.fixture.start();
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.signer.issues((request) -> List.of(this.fixture.authority.issue(request.publicKey(),
				request.template(), this.fixture.time.instant().plus(Duration.ofMinutes(55)),
				this.fixture.time.instant().plus(Duration.ofDays(1)))));
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(manager.current()).isEmpty();
		assertThat(this.fixture.failures).isNotEmpty();
		this.fixture.time.setClock(Duration.ofHours(1));
		int requests = this.fixture.signer.requests.size();
		this.fixture.time.pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(first);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.fixture.signer.requests).hasSize(requests);
	}

	@Test
	void pairOfAnotherProgramIsOverdueOnceTheLatestDeadlineHasPassed(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ZERO, Duration.ofHours(10));
		this.fixture.store.pair = stored;
		CertificateManager manager = this.fixture.start(this.fixture.withoutSigner().template(ManagerFixture.TEMPLATE));
		assertThat(manager.status().schedule().overdueAt())
			.isEqualTo(this.fixture.time.instant().plus(Duration.ofHours(9)));
		this.fixture.time.pass(Duration.ofHours(9));
		assertThat(manager.status().state()).hasToString("STATIC");
		this.fixture.time.pass(Duration.ofSeconds(1));
		assertThat(manager.status().state()).hasToString("OVERDUE");
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(this.fixture.warnings).containsExactly("overdue " + stored.serialNumber());
		assertLine(output, "overdue").contains("WARN", "Rotation is off: replace the stored pair");
	}

	@Test
	void storedPairThatHasExpiredIsOneLine(CapturedOutput output) {
		CertificatePair stored = this.fixture.pair(Duration.ofHours(10), Duration.ofHours(-1));
		this.fixture.store.pair = stored;
		this.fixture.signer.holds();
		this.fixture.start();
		assertLine(output, "ertificate").contains("WARN",
				"The stored certificate expired at " + stored.notAfter() + ": a new one is being requested");
		assertThat(this.fixture.warnings).containsExactly("expired " + stored.serialNumber());
	}

}
