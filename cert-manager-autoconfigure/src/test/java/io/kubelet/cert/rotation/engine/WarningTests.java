package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is reported of a certificate that is not as it should be, when, and how often.
 */
@ExtendWith(OutputCaptureExtension.class)
class WarningTests extends ManagerFixture {

	private static final Duration LOOK = Duration.ofMinutes(1);

	@Test
	void overdueSaysThatACertificateIsRequested(CapturedOutput output) {
		storePair(Duration.ZERO, Duration.ofSeconds(100));
		this.signer.holds();
		this.signer.silent();
		start();
		pass(Duration.ofSeconds(91));
		assertLine(output, "overdue").endsWith("A new one is being requested");
	}

	/** The state, the log and the event agree to the second, although a request waits. */
	@Test
	void overdueAndExpiredAreToldByTheClockWhileARequestWaits(CapturedOutput output) {
		CertificatePair pair = pair(Duration.ZERO, Duration.ofSeconds(100));
		this.store.pair = pair;
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofSeconds(90));
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		assertThat(this.warnings).isEmpty();
		pass(Duration.ofMillis(1));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		assertThat(this.warnings).containsExactly("overdue " + pair.serialNumber());
		assertThat(output).contains("The certificate is overdue for rotation; it is valid until " + pair.notAfter());
		pass(Duration.ofSeconds(10));
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		assertThat(this.warnings).hasSize(2).contains("expired " + pair.serialNumber());
		assertThat(output).contains("The certificate expired at " + pair.notAfter());
	}

	@Test
	void requestThatWaitsIsReportedBeforeTheCertificateIsInDanger(CapturedOutput output) {
		storePair(Duration.ZERO, Duration.ofSeconds(100));
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofSeconds(70));
		String name = request(0).name();
		assertThat(output).doesNotContain("waiting");
		pass(Duration.ofSeconds(1));
		assertThat(output).containsOnlyOnce("Request " + name
				+ " to signer kubernetes.io/kube-apiserver-client-kubelet, created 1s ago, is waiting for approval");
		pass(Duration.ofMillis(6499));
		assertThat(output).doesNotContain("has been waiting");
		pass(Duration.ofMillis(1));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 8s, and the certificate is valid for only another 23s: "
					+ "see 'kubectl describe csr " + name + "', or approve it with 'kubectl certificate approve " + name
					+ "'");
		pass(Duration.ofSeconds(10));
		assertThat(output).containsOnlyOnce("has been waiting");
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
	}

	@Test
	void requestThatWaitedBeforeARestartIsReportedWithAllTheTimeThatItWaited(CapturedOutput output) {
		storePair(Duration.ofHours(7), Duration.ofHours(3));
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofMinutes(12));
		manager.stop();
		start();
		pass(Duration.ofMinutes(42));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 54m, and the certificate is valid for only another 2h 6m");
	}

	@Test
	void requestThatIsAnsweredAtOnceIsOneLine(CapturedOutput output) {
		CertificatePair stored = storePair();
		CertificateManager manager = start();
		int before = output.getOut().split("\\[kubelet-client\\]", -1).length;
		pass(Duration.ofHours(70));
		assertThat(manager.status().rotations().count()).isPositive();
		assertThat(output.getOut().split("\\[kubelet-client\\]", -1).length - before)
			.isEqualTo((int) manager.status().rotations().count());
		assertThat(output).contains("Using the stored certificate " + stored.serialNumber()
				+ ", valid until 2026-01-05T03:00:00Z, next rotation 2026-01-03T21:00:00Z");
	}

	@Test
	void expiryIsToldOnceAndThatOfTheNextPairAnew(CapturedOutput output) {
		CertificatePair first = pair(Duration.ofHours(9), Duration.ofHours(1));
		this.store.pair = first;
		unreachable();
		start();
		pass(Duration.ofHours(2));
		assertLine(output, "The certificate expired at").contains("The application keeps trying. See 'lastFailure'");
		CertificatePair second = pair(Duration.ZERO, Duration.ofHours(10));
		this.store.pair = second;
		pass(Duration.ofHours(11));
		assertThat(this.warnings).containsExactly("overdue " + first.serialNumber(), "expired " + first.serialNumber(),
				"overdue " + second.serialNumber(), "expired " + second.serialNumber());
	}

	@Test
	void unavailabilityIsToldOnceAfterFiveMinutesOfAHealthyServer() {
		this.signer.holds();
		CertificateManager manager = start();
		pass(Duration.ofMinutes(5));
		rotate(manager);
		assertThat(this.warnings).isEmpty();
		assertThat(manager.status().health().unavailable()).isFalse();
		pass(Duration.ofMillis(1));
		assertThat(this.warnings).containsExactly("unavailable");
		assertThat(manager.status().health().unavailable()).isTrue();
		pass(Duration.ofMinutes(10));
		assertThat(this.warnings).hasSize(1);
	}

	@Test
	void unavailabilityEndsWithTheNextCertificateAndIsToldAgainAfterwards() {
		this.signer.holds();
		this.signer.lifetime = Duration.ofMinutes(10);
		CertificateManager manager = start();
		pass(Duration.ofMinutes(6));
		answer(0);
		pass(Duration.ofMinutes(14));
		assertThat(manager.status().health().unavailable()).isFalse();
		assertThat(this.warnings).filteredOn("unavailable"::equals).hasSize(1);
		pass(Duration.ofMinutes(3));
		assertThat(manager.status().health().unavailable()).isTrue();
		assertThat(this.warnings).filteredOn("unavailable"::equals).hasSize(2);
	}

	@Test
	void unavailabilityIsNotToldOfWhileTheServerIsNotHealthy() {
		unreachable();
		CertificateManager manager = start();
		pass(Duration.ofHours(1));
		assertThat(this.warnings).isEmpty();
		assertThat(manager.status().health().unavailable()).isFalse();
	}

	@Test
	void unavailabilityIsCountedFromAClockThatWasSetBack() {
		this.signer.holds();
		start();
		pass(Duration.ofMinutes(4));
		this.time.setClock(Duration.ofHours(-1));
		pass(Duration.ofMinutes(5));
		assertThat(this.warnings).isEmpty();
		pass(Duration.ofMinutes(2));
		assertThat(this.warnings).containsExactly("unavailable");
	}

	@Test
	void expiryIsToldOfAlthoughTheTemplateSupplierHangs() {
		CertificatePair pair = pair(Duration.ofHours(9), Duration.ofMinutes(1));
		this.store.pair = pair;
		unreachable();
		List<Runnable> calls = new ArrayList<>();
		start(dynamic().executor(calls::add));
		pass(Duration.ofMinutes(2));
		calls.forEach(Runnable::run);
		assertThat(this.warnings).containsExactly("overdue " + pair.serialNumber(), "expired " + pair.serialNumber());
	}

	@Test
	void pairThatIsReplacedBeforeItExpiresIsNotToldOf() {
		storePair(Duration.ofHours(1), Duration.ofHours(9));
		this.signer.holds();
		start(dynamic());
		pass(Duration.ofHours(8));
		storePair();
		pass(Duration.ofSeconds(1));
		assertThat(this.warnings).isEmpty();
	}

	private void unreachable() {
		this.signer.silent();
		this.random = 0.5;
		this.signer.isBusy(null);
	}

}
