package io.kubelet.cert.faults;

import java.time.Duration;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with an API server that fails: the old certificate serves, the
 * status tells the truth, the requests are few, and the rotation happens once it can.
 */
class ApiServerFaultTests {

	@AutoClose
	private final RotatingProgram program = new RotatingProgram();

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void burstOfFailuresWhileCreating(String what, Consumer<Faults.Injection> fault, String reason) {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.program.controlPlane.faults().next(3, RecordedRequest::isCreate));
		this.program.start();
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		CertificateStatus.Failure failure = this.program.awaitFailure(reason, 3);
		assertThat(failure.attempt()).isEqualTo(3);
		this.program.approve();
		this.program.assertFigures("3 x " + what + " while creating", "4 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	static Stream<Arguments> burstOfFailuresWhileCreating() {
		return Stream.of(fault("429", (next) -> next.answer(429), "TooManyRequests"),
				fault("500", (next) -> next.answer(500), "InternalError"),
				fault("503", (next) -> next.answer(503), "ServiceUnavailable"),
				fault("401", (next) -> next.answer(401), "Unauthorized"),
				fault("cut", Faults.Injection::cutBefore, "Unreachable"));
	}

	private static Arguments fault(String what, Consumer<Faults.Injection> fault, Object... more) {
		return Arguments.of(Stream.concat(Stream.of(what, fault), Stream.of(more)).toArray());
	}

	/** The object is found again by its name. */
	@ParameterizedTest(name = "{0}")
	@MethodSource
	void answerIsLostAfterTheObjectWasStored(String what, Consumer<Faults.Injection> fault) {
		fault.accept(this.program.controlPlane.faults().next(2, RecordedRequest::isCreate));
		this.program.start();
		this.program.awaitRotation();
		assertThat(this.program.objects()).isOne();
		assertThat(this.program.creates()).isEqualTo(3);
		Figures.report(what + " while creating, stored", this.program.figures());
	}

	static Stream<Arguments> answerIsLostAfterTheObjectWasStored() {
		return Stream.of(fault("cut", Faults.Injection::cutAfter), fault("500", (next) -> next.answerAfter(500)),
				fault("504", (next) -> next.answerAfter(504)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void watchFails(String what, Consumer<Faults.Injection> fault, String figures) {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.program.controlPlane.faults().next(2, RecordedRequest::isWatch));
		this.program.start();
		await().until(() -> this.program.figures().equals(figures));
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		this.program.assertOldServes();
		assertThat(this.program.status().pendingRequest()).isNotNull();
		this.program.approve();
		this.program.assertFigures("2 x watch " + what, figures);
	}

	static Stream<Arguments> watchFails() {
		String listed = "1 POST, 3 watch, 0 GET, 2 list, 1 objects";
		return Stream.of(fault("cut", Faults.Injection::cut, listed),
				fault("ended early", Faults.Injection::end, listed), fault("410", Faults.Injection::expire, listed),
				fault("503", (next) -> next.answer(503), listed),
				fault("403", (next) -> next.answer(403), "1 POST, 3 watch, 2 GET, 0 list, 1 objects"));
	}

	@Test
	void requestThatIsPendingWhileTheServerIsDownIsOutOfReachAndThenResumed() {
		this.program.startPending();
		this.program.controlPlane.pause();
		await().until(() -> Boolean.FALSE.equals(this.program.status().health().serverHealthy()));
		this.program.assertOldServes();
		this.program.clock.set(RotatingProgram.WAIT_TIMEOUT.plusSeconds(1));
		CertificateStatus.Failure failure = this.program.awaitFailure("Unreachable", 1);
		assertThat(failure.message()).contains("was not answered within 1h, because the API server cannot be reached",
				this.program.controlPlane.url(), "the next attempt waits for the same request");
		this.program.controlPlane.resume();
		this.program.approve();
		assertThat(this.program.objects()).isOne();
		Figures.report("server down while a request is pending", this.program.figures());
	}

	/** As of a machine that was suspended, and of its cluster. */
	@Test
	void clockJumpsFortyDaysWhileARequestIsPending() {
		this.program.controlPlane.behavior().certificateLifetime(Duration.ofDays(10));
		this.program.startPending();
		this.program.clock.set(Duration.ofDays(40));
		assertThat(this.program.manager().current()).isEmpty();
		this.program.approve();
		assertThat(this.program.objects()).isOne();
		assertThat(this.program.creates()).isOne();
		Figures.report("clock 40 days forward while a request is pending", this.program.figures());
	}

	@Test
	void certificateThatExpiredBeforeItWasReceivedIsRequestedAgainAtOnce() {
		this.program.controlPlane.behavior().certificateLifetime(Duration.ofDays(10));
		this.program.startPending();
		this.program.controlPlane.pause();
		this.program.controlPlane.approve(this.program.controlPlane.certificateSigningRequests().get(0));
		await().until(() -> this.program.controlPlane.openCertificateSigningRequests().isEmpty());
		this.program.clock.set(Duration.ofDays(40));
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.controlPlane.resume();
		this.program.awaitRotation();
		assertThat(this.program.objects()).isEqualTo(2);
		Figures.report("clock 40 days forward while the answer is on its way", this.program.figures());
	}

}
