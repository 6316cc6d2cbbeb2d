package io.kubelet.cert.rotation.engine;

import java.time.Duration;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofDays;
import static java.time.Duration.ofHours;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * A certificate is valid from its start, minus the accepted clock skew, to its end.
 *
 * @see io.kubelet.cert.rotation.core.Current
 */
class ValidityTests extends ManagerFixture {

	@Test
	void storedPairThatIsNotYetValidIsReportedAndReplaced(CapturedOutput output) {
		CertificatePair stored = storePair(ofDays(-2), ofDays(40));
		this.signer.holds();
		CertificateManager manager = start();
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(State.NOT_YET_VALID);
		assertThat(this.credentials).containsExactly((CertificatePair) null);
		assertThat(this.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertLine(output, "is not valid before").contains("WARN", stored.notBefore().toString(), "Check the clock");
		assertThat(output).doesNotContain("Using the stored certificate");
		pass(ofMinutes(10));
		assertThat(this.warnings).hasSize(2).endsWith("unavailable");
	}

	@Test
	void pairOfAnotherProgramThatIsNotYetValidIsReported(CapturedOutput output) {
		CertificatePair stored = storePair(ofHours(-2), ofDays(40));
		CertificateManager manager = start(withoutSigner());
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(State.NOT_YET_VALID);
		assertThat(this.warnings).containsExactly("not yet valid " + stored.serialNumber());
		assertLine(output, "is not valid before").contains("ERROR", "Rotation is off: replace the stored pair");
		pass(ofHours(2));
		assertThat(manager.current()).contains(stored);
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
	}

	@Test
	void pairOfAnotherProgramIsOverdueOnceTheLatestDeadlineHasPassed(CapturedOutput output) {
		CertificatePair stored = storePair(ofHours(0), ofHours(10));
		CertificateManager manager = start(withoutSigner().with((it) -> it.overdueAtLatest = true));
		assertThat(manager.status().schedule().overdueAt()).isEqualTo(START.plus(ofHours(9)));
		assertThat(output).containsOnlyOnce("; rotation is off");
		pass(ofHours(9));
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(this.warnings).isEmpty();
		pass(ofSeconds(1));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		assertThat(manager.status().schedule().deadline()).isNull();
		assertThat(this.warnings).containsExactly("overdue " + stored.serialNumber());
		assertLine(output, "overdue").contains("WARN", "Rotation is off: replace the stored pair");
		pass(ofHours(1));
		assertThat(this.warnings).hasSize(2).contains("expired " + stored.serialNumber());
		assertLine(output, "expired at").contains("ERROR", "Rotation is off: replace the stored pair");
		this.time.setClock(ofHours(-1));
		pass(ofMinutes(50));
		assertThat(manager.current()).as("the clock was wrong").contains(stored);
		pass(ofMinutes(10));
		assertThat(this.warnings).hasSize(3).endsWith("expired " + stored.serialNumber());
	}

	/** Kubernetes' test signer lets a kubelet refresh its certificate at 98 %. */
	@ParameterizedTest
	@CsvSource({ "PT12M, PT11M", "PT1H, PT55M", "PT8H, PT7H55M", "PT10H, PT9H54M", "P100D, P99D" })
	void pairOfAnotherProgramIsOverdueWhenItIsAboutToExpire(Duration lifetime, Duration overdue) {
		CertificatePair stored = storePair(ofHours(0), lifetime);
		CertificateManager manager = start(withoutSigner());
		assertThat(manager.status().schedule().overdueAt()).isEqualTo(START.plus(overdue));
		pass(overdue);
		assertThat(manager.status().state()).isEqualTo(State.STATIC);
		assertThat(this.warnings).isEmpty();
		pass(ofSeconds(1));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		assertThat(this.warnings).containsExactly("overdue " + stored.serialNumber());
	}

	@Test
	void pairOfAnotherProgramIsOverdueLaterThanAllEarlierOnesWereReplaced() {
		storePair(ofHours(0), ofHours(1));
		CertificateManager manager = start(withoutSigner());
		pass(ofMinutes(58));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		replacePair();
		pass(ofMinutes(58));
		assertThat(manager.status().state()).as("as the first one").isEqualTo(State.STATIC);
		pass(ofMinutes(1));
		assertThat(manager.status().state()).as("later").isEqualTo(State.OVERDUE);
		replacePair();
		pass(ofMinutes(30));
		replacePair();
		pass(ofMinutes(59));
		assertThat(manager.status().state()).as("as the second one").isEqualTo(State.STATIC);
		pass(ofMinutes(2));
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		CertificatePair last = replacePair();
		pass(ofMinutes(1));
		assertThat(manager.status().schedule().overdueAt()).as("to expire is no replacement")
			.isBetween(last.notBefore().plus(ofMinutes(59)), last.notAfter().minusSeconds(30));
		assertThat(this.warnings).extracting((warning) -> warning.split(" ")[0])
			.containsExactly("overdue", "overdue", "overdue", "expired");
	}

	private CertificatePair replacePair() {
		CertificatePair pair = storePair(ofHours(0), ofHours(1));
		this.store.changed.run();
		return pair;
	}

	@Test
	void storedPairThatHasExpiredIsOneLine(CapturedOutput output) {
		CertificatePair stored = storePair(ofHours(10), ofHours(-1));
		this.signer.holds();
		CertificateManager manager = start();
		assertLine(output, "ertificate").contains("WARN",
				"The stored certificate expired at " + stored.notAfter() + ": a new one is being requested");
		assertThat(this.warnings).containsExactly("expired " + stored.serialNumber());
		assertThat(manager.current()).isEmpty();
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		assertThat(manager.status().pair()).isEqualTo(stored);
	}

}
