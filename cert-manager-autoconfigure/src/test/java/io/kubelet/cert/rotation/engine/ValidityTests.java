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

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate is valid from its start, minus the accepted clock skew, to its end.
 */
@ExtendWith(OutputCaptureExtension.class)
class ValidityTests extends ManagerFixture {

	private static final Duration LOOK = Duration.ofMinutes(1);

	@Test
	void storedPairThatIsNotYetValidIsReportedAndReplaced(CapturedOutput output) {
		CertificatePair stored = pair(Duration.ofDays(-2), Duration.ofDays(40));
		this.store.pair = stored;
		this.signer.holds();
		CertificateManager manager = start();
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.credentials).containsExactly((CertificatePair) null);
		assertThat(this.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertLine(output, "is not valid before").contains("WARN", stored.notBefore().toString(), "Check the clock");
		assertThat(output).doesNotContain("Using the stored certificate");
		pass(Duration.ofMinutes(10));
		assertThat(this.warnings).hasSize(2).endsWith("unavailable");
	}

	@Test
	void pairThatBeginsWithinTheClockSkewIsValid() {
		CertificatePair stored = pair(Duration.ofMinutes(-5), Duration.ofDays(40));
		this.store.pair = stored;
		CertificateManager manager = start();
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.signer.requests).isEmpty();
	}

	@Test
	void pairOfAnotherProgramThatIsNotYetValidIsReported(CapturedOutput output) {
		CertificatePair stored = pair(Duration.ofHours(-2), Duration.ofDays(40));
		this.store.pair = stored;
		CertificateManager manager = start(withoutSigner().template(TEMPLATE));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		assertThat(this.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertThat(output).contains("Rotation is off: replace the stored pair");
		assertLine(output, "is not valid before").contains("ERROR");
		pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).hasToString("STATIC");
	}

	@Test
	void clockSetTwoDaysBackMakesACertificateInvalid() {
		this.signer.lifetime = Duration.ofDays(40);
		CertificateManager manager = start();
		CertificatePair first = manager.current().orElseThrow();
		this.time.setClock(Duration.ofDays(-2));
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).hasToString("NOT_YET_VALID");
		pass(LOOK);
		assertThat(this.warnings).containsExactly("not yet valid " + first.serialNumber());
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().rotations().history().get(0).trigger()).hasToString("NOT_YET_VALID");
	}

	/** The signer's clock is right, so that its certificates are refused meanwhile. */
	@Test
	void clockSetAnHourBackAndRightAgainKeepsTheCertificate() {
		CertificatePair first = pair(Duration.ofMinutes(5), Duration.ofDays(1));
		this.store.pair = first;
		CertificateManager manager = start();
		this.time.setClock(Duration.ofHours(-1));
		this.signer.issues((request) -> List.of(this.authority.issue(request.publicKey(), request.template(),
				this.time.instant().plus(Duration.ofMinutes(55)), this.time.instant().plus(Duration.ofDays(1)))));
		pass(Duration.ofMinutes(10));
		assertThat(manager.current()).isEmpty();
		assertThat(this.failures).isNotEmpty();
		this.time.setClock(Duration.ofHours(1));
		int requests = this.signer.requests.size();
		pass(Duration.ofHours(2));
		assertThat(manager.current()).contains(first);
		assertThat(manager.status().state()).hasToString("VALID");
		assertThat(this.signer.requests).hasSize(requests);
	}

	@Test
	void pairOfAnotherProgramIsOverdueOnceTheLatestDeadlineHasPassed(CapturedOutput output) {
		CertificatePair stored = pair(Duration.ZERO, Duration.ofHours(10));
		this.store.pair = stored;
		CertificateManager manager = start(withoutSigner().template(TEMPLATE));
		assertThat(manager.status().schedule().overdueAt()).isEqualTo(this.time.instant().plus(Duration.ofHours(9)));
		pass(Duration.ofHours(9));
		assertThat(manager.status().state()).hasToString("STATIC");
		pass(Duration.ofSeconds(1));
		assertThat(manager.status().state()).hasToString("OVERDUE");
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(this.warnings).containsExactly("overdue " + stored.serialNumber());
		assertLine(output, "overdue").contains("WARN", "Rotation is off: replace the stored pair");
	}

	@Test
	void storedPairThatHasExpiredIsOneLine(CapturedOutput output) {
		CertificatePair stored = pair(Duration.ofHours(10), Duration.ofHours(-1));
		this.store.pair = stored;
		this.signer.holds();
		start();
		assertLine(output, "ertificate").contains("WARN",
				"The stored certificate expired at " + stored.notAfter() + ": a new one is being requested");
		assertThat(this.warnings).containsExactly("expired " + stored.serialNumber());
	}

}
