package io.kubelet.cert.faults;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.CertManager;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with an API server that fails: the old certificate serves, the
 * status tells the truth, the requests are few, and the rotation happens once it can.
 */
class ApiServerFaultTests {

	@AutoClose
	private final RotatingProgram program = new RotatingProgram();

	/** The object is found again by its name. */
	@ParameterizedTest
	@MethodSource
	void answerIsLostAfterTheObjectWasStored(Consumer<Faults.Injection> fault) {
		fault.accept(this.program.controlPlane.faults().next(2, RecordedRequest::isCreate));
		this.program.start();
		this.program.awaitRotation();
		assertThat(this.program.figures()).isEqualTo("3 POST, 1 objects");
	}

	static Stream<Consumer<Faults.Injection>> answerIsLostAfterTheObjectWasStored() {
		return Stream.of(Faults.Injection::cutAfter, (next) -> next.answerAfter(500), (next) -> next.answerAfter(504));
	}

	@Test
	void requestThatIsPendingWhileTheServerIsDownIsOutOfReachAndThenResumed() {
		this.program.startPending();
		stopServer();
		this.program.clock.set(RotatingProgram.WAIT_TIMEOUT.plusSeconds(1));
		CertificateStatus.Failure failure = this.program.awaitFailure("Unreachable", 1);
		assertThat(failure.message()).contains("was not answered within 1h, because the API server cannot be reached",
				this.program.controlPlane.url(), "the next attempt waits for the same request");
		this.program.controlPlane.resume();
		this.program.approve();
		assertThat(this.program.figures()).endsWith(" 1 objects");
	}

	/** Nothing is lost, and no request remains. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void requestToCertManagerIsPendingWhileTheServerIsDown(boolean issuedMeanwhile) {
		this.program.useCertManager();
		CertManager certManager = this.program.controlPlane.certManager();
		this.program.startPending();
		stopServer();
		if (issuedMeanwhile) {
			this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
			await().until(() -> certManager.pendingCertificateRequests().isEmpty());
		}
		this.program.controlPlane.resume();
		this.program.approve();
		assertThat(this.program.creates()).isOne();
		await().untilAsserted(() -> assertThat(certManager.certificateRequests()).isEmpty());
	}

	/** As of a machine that was suspended, and of its cluster. */
	@Test
	void clockJumpsFortyDaysWhileARequestIsPending() {
		this.program.controlPlane.behavior().certificateLifetime(Duration.ofDays(10));
		this.program.startPending();
		this.program.clock.set(Duration.ofDays(40));
		assertThat(this.program.manager().current()).isEmpty();
		this.program.approve();
		assertThat(this.program.figures()).isEqualTo("1 POST, 1 objects");
	}

	@Test
	void certificateThatExpiredBeforeItWasReceivedIsRequestedAgainAtOnce() {
		this.program.controlPlane.behavior().certificateLifetime(Duration.ofDays(10));
		this.program.startPending();
		this.program.controlPlane.pause();
		this.program.controlPlane.approve(this.program.controlPlane.certificateSigningRequests().get(0));
		await().until(() -> this.program.controlPlane.openCertificateSigningRequests().isEmpty());
		this.program.clock.set(Duration.ofDays(40));
		this.program.controlPlane.resume();
		this.program.approve();
		assertThat(this.program.figures()).endsWith(" 2 objects");
	}

	private void stopServer() {
		this.program.controlPlane.pause();
		await().until(() -> Boolean.FALSE.equals(this.program.status().health().serverHealthy()));
		this.program.assertOldServes();
	}

}
