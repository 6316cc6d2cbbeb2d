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

import static io.kubelet.cert.testsupport.ManagerFixture.assertLine;
import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is reported of a certificate that is not as it should be, when, and how often.
 */
@ExtendWith(OutputCaptureExtension.class)
class WarningTests {

	private static final Duration LOOK = Duration.ofMinutes(1);

	private final ManagerFixture fixture = new ManagerFixture();

	@Test
	void overdueSaysThatACertificateIsRequested(CapturedOutput output) {
		this.fixture.store.pair = this.fixture.pair(Duration.ZERO, Duration.ofSeconds(100));
		this.fixture.signer.holds();
		this.fixture.signer.silent();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofSeconds(91));
		assertLine(output, "overdue").endsWith("A new one is being requested");
	}

	/** The state, the log and the event agree to the second, although a request waits. */
	@Test
	void overdueAndExpiredAreToldByTheClockWhileARequestWaits(CapturedOutput output) {
		CertificatePair pair = this.fixture.pair(Duration.ZERO, Duration.ofSeconds(100));
		this.fixture.store.pair = pair;
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofSeconds(90));
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
		assertThat(this.fixture.warnings).isEmpty();
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(manager.status().state()).isEqualTo(State.OVERDUE);
		assertThat(this.fixture.warnings).containsExactly("overdue " + pair.serialNumber());
		assertThat(output).contains("The certificate is overdue for rotation; it is valid until " + pair.notAfter());
		this.fixture.time.pass(Duration.ofSeconds(10));
		assertThat(manager.status().state()).isEqualTo(State.EXPIRED);
		assertThat(this.fixture.warnings).hasSize(2).contains("expired " + pair.serialNumber());
		assertThat(output).contains("The certificate expired at " + pair.notAfter());
	}

	@Test
	void requestThatWaitsIsReportedBeforeTheCertificateIsInDanger(CapturedOutput output) {
		this.fixture.store.pair = this.fixture.pair(Duration.ZERO, Duration.ofSeconds(100));
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofSeconds(70));
		String name = this.fixture.signer.requests.get(0).name();
		assertThat(output).doesNotContain("waiting");
		this.fixture.time.pass(Duration.ofSeconds(1));
		assertThat(output).containsOnlyOnce("Request " + name
				+ " to signer kubernetes.io/kube-apiserver-client-kubelet, created 1s ago, is waiting for approval");
		this.fixture.time.pass(Duration.ofMillis(6499));
		assertThat(output).doesNotContain("has been waiting");
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 8s, and the certificate is valid for only another 23s: "
					+ "see 'kubectl describe csr " + name + "', or approve it with 'kubectl certificate approve " + name
					+ "'");
		this.fixture.time.pass(Duration.ofSeconds(10));
		assertThat(output).containsOnlyOnce("has been waiting");
		assertThat(manager.status().state()).isEqualTo(State.ROTATING);
	}

	@Test
	void requestThatWaitedBeforeARestartIsReportedWithAllTheTimeThatItWaited(CapturedOutput output) {
		this.fixture.store.pair = this.fixture.pair(Duration.ofHours(7), Duration.ofHours(3));
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(12));
		manager.stop();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(42));
		assertThat(output)
			.containsOnlyOnce("has been waiting for 54m, and the certificate is valid for only another 2h 6m");
	}

	@Test
	void requestThatIsAnsweredAtOnceIsOneLine(CapturedOutput output) {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start();
		int before = output.getOut().split("\\[kubelet-client\\]", -1).length;
		this.fixture.time.pass(Duration.ofHours(70));
		assertThat(manager.status().rotations().count()).isPositive();
		assertThat(output.getOut().split("\\[kubelet-client\\]", -1).length - before)
			.isEqualTo((int) manager.status().rotations().count());
		assertThat(output).contains("Using the stored certificate " + stored.serialNumber()
				+ ", valid until 2026-01-05T03:00:00Z, next rotation 2026-01-03T21:00:00Z");
	}

	@Test
	void expiryIsToldOnceAndThatOfTheNextPairAnew(CapturedOutput output) {
		CertificatePair first = this.fixture.pair(Duration.ofHours(9), Duration.ofHours(1));
		this.fixture.store.pair = first;
		unreachable();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofHours(2));
		assertLine(output, "The certificate expired at").contains("The application keeps trying. See 'lastFailure'");
		CertificatePair second = this.fixture.pair(Duration.ZERO, Duration.ofHours(10));
		this.fixture.store.pair = second;
		this.fixture.time.pass(Duration.ofHours(11));
		assertThat(this.fixture.warnings).containsExactly("overdue " + first.serialNumber(),
				"expired " + first.serialNumber(), "overdue " + second.serialNumber(),
				"expired " + second.serialNumber());
	}

	@Test
	void unavailabilityIsToldOnceAfterFiveMinutesOfAHealthyServer() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(5));
		manager.rotate();
		this.fixture.time.settle();
		assertThat(this.fixture.warnings).isEmpty();
		assertThat(manager.status().health().unavailable()).isFalse();
		this.fixture.time.pass(Duration.ofMillis(1));
		assertThat(this.fixture.warnings).containsExactly("unavailable");
		assertThat(manager.status().health().unavailable()).isTrue();
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(this.fixture.warnings).hasSize(1);
	}

	@Test
	void unavailabilityEndsWithTheNextCertificateAndIsToldAgainAfterwards() {
		this.fixture.signer.holds();
		this.fixture.signer.lifetime = Duration.ofMinutes(10);
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(6));
		this.fixture.answer(0);
		this.fixture.time.pass(Duration.ofMinutes(14));
		assertThat(manager.status().health().unavailable()).isFalse();
		assertThat(this.fixture.warnings).filteredOn("unavailable"::equals).hasSize(1);
		this.fixture.time.pass(Duration.ofMinutes(3));
		assertThat(manager.status().health().unavailable()).isTrue();
		assertThat(this.fixture.warnings).filteredOn("unavailable"::equals).hasSize(2);
	}

	@Test
	void unavailabilityIsNotToldOfWhileTheServerIsNotHealthy() {
		unreachable();
		CertificateManager manager = this.fixture.start();
		this.fixture.time.pass(Duration.ofHours(1));
		assertThat(this.fixture.warnings).isEmpty();
		assertThat(manager.status().health().unavailable()).isFalse();
	}

	@Test
	void unavailabilityIsCountedFromAClockThatWasSetBack() {
		this.fixture.signer.holds();
		this.fixture.start();
		this.fixture.time.pass(Duration.ofMinutes(4));
		this.fixture.time.setClock(Duration.ofHours(-1));
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.warnings).isEmpty();
		this.fixture.time.pass(Duration.ofMinutes(2));
		assertThat(this.fixture.warnings).containsExactly("unavailable");
	}

	@Test
	void expiryIsToldOfAlthoughTheTemplateSupplierHangs() {
		CertificatePair pair = this.fixture.pair(Duration.ofHours(9), Duration.ofMinutes(1));
		this.fixture.store.pair = pair;
		unreachable();
		List<Runnable> calls = new ArrayList<>();
		this.fixture.start(this.fixture.dynamic().executor(calls::add));
		this.fixture.time.pass(Duration.ofMinutes(2));
		calls.forEach(Runnable::run);
		assertThat(this.fixture.warnings).containsExactly("overdue " + pair.serialNumber(),
				"expired " + pair.serialNumber());
	}

	@Test
	void pairThatIsReplacedBeforeItExpiresIsNotToldOf() {
		this.fixture.store.pair = this.fixture.pair(Duration.ofHours(1), Duration.ofHours(9));
		this.fixture.signer.holds();
		this.fixture.start(this.fixture.dynamic());
		this.fixture.time.pass(Duration.ofHours(8));
		this.fixture.storePair();
		this.fixture.time.pass(Duration.ofSeconds(1));
		assertThat(this.fixture.warnings).isEmpty();
	}

	private void unreachable() {
		this.fixture.signer.silent();
		this.fixture.random = 0.5;
		this.fixture.signer.isBusy(null);
	}

}
