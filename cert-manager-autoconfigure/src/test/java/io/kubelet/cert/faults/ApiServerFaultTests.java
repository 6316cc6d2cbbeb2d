package io.kubelet.cert.faults;

import java.time.Duration;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Faults;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.Figures;
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
class ApiServerFaultTests extends RotatingProgramTest {

	@Test
	void serverIsDownAtTheDeadlineAndBackLater() {
		this.program.controlPlane.pause();
		this.program.start(this.directory);
		CertificateStatus.Failure failure = this.program.awaitFailure("Unreachable", 3);
		assertThat(failure.message()).contains(this.program.controlPlane.url());
		assertThat(this.program.status().health().serverHealthy()).isFalse();
		this.program.controlPlane.resume();
		this.program.awaitRotation();
		this.program.assertFigures("server down at the deadline", "1 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void burstOfFailuresWhileCreating(String what, String reason, Consumer<Faults.Injection> fault, String figures) {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.program.controlPlane.faults().next(3, RecordedRequest::isCreate));
		this.program.start(this.directory);
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		CertificateStatus.Failure failure = this.program.awaitFailure(reason, 3);
		assertThat(failure.attempt()).isEqualTo(3);
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		this.program.assertFigures("3 x " + what + " while creating", figures);
	}

	static Stream<Arguments> burstOfFailuresWhileCreating() {
		String notStored = "4 POST, 1 watch, 0 GET, 0 list, 1 objects";
		return Stream.of(burst("429", "TooManyRequests", (next) -> next.answer(429), notStored),
				burst("500", "InternalError", (next) -> next.answer(500), notStored),
				burst("503", "ServiceUnavailable", (next) -> next.answer(503), notStored),
				burst("cut, nothing stored", "Unreachable", Faults.Injection::cutBefore, notStored));
	}

	private static Arguments burst(String what, String reason, Consumer<Faults.Injection> fault, String figures) {
		return Arguments.of(what, reason, fault, figures);
	}

	@Test
	void retryAfterIsObeyed() {
		this.program.controlPlane.faults().next(1, RecordedRequest::isCreate).answer(429, Duration.ofSeconds(2));
		this.program.start(this.directory);
		CertificateStatus.Failure failure = this.program.awaitFailure("TooManyRequests", 1);
		assertThat(Duration.between(failure.at(), failure.nextAttempt())).isEqualTo(Duration.ofSeconds(2));
		this.program.clock.set(Duration.ofSeconds(2));
		this.program.awaitRotation();
		this.program.assertFigures("429 with Retry-After", "2 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	/** The object is found again by its name. */
	@ParameterizedTest(name = "{0}")
	@MethodSource
	void answerIsLostAfterTheObjectWasStored(String what, Consumer<Faults.Injection> fault) {
		fault.accept(this.program.controlPlane.faults().next(2, RecordedRequest::isCreate));
		this.program.start(this.directory);
		this.program.awaitRotation();
		assertThat(this.program.objects()).isOne();
		assertThat(this.program.creates()).isEqualTo(3);
		Figures.report(what + " while creating, stored", this.program.figures());
	}

	static Stream<Arguments> answerIsLostAfterTheObjectWasStored() {
		return Stream.of(Arguments.of("cut", (Consumer<Faults.Injection>) Faults.Injection::cutAfter),
				Arguments.of("500", (Consumer<Faults.Injection>) (next) -> next.answerAfter(500)),
				Arguments.of("504", (Consumer<Faults.Injection>) (next) -> next.answerAfter(504)));
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource
	void watchFails(String what, Consumer<Faults.Injection> fault, int failures, String figures) {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		fault.accept(this.program.controlPlane.faults().next(failures, RecordedRequest::isWatch));
		this.program.start(this.directory);
		await().until(() -> this.program.figures().equals(figures));
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		this.program.assertOldServes();
		assertThat(this.program.status().pendingRequest()).isNotNull();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		this.program.assertFigures(failures + " x watch " + what, figures);
	}

	static Stream<Arguments> watchFails() {
		return Stream.of(watch("cut", Faults.Injection::cut, 2, "1 POST, 3 watch, 0 GET, 2 list, 1 objects"),
				watch("ended early", Faults.Injection::end, 2, "1 POST, 3 watch, 0 GET, 2 list, 1 objects"),
				watch("410", Faults.Injection::expire, 2, "1 POST, 3 watch, 0 GET, 2 list, 1 objects"),
				watch("503", (next) -> next.answer(503), 2, "1 POST, 3 watch, 0 GET, 2 list, 1 objects"),
				watch("403", (next) -> next.answer(403), 2, "1 POST, 3 watch, 2 GET, 0 list, 1 objects"));
	}

	private static Arguments watch(String what, Consumer<Faults.Injection> fault, int failures, String figures) {
		return Arguments.of(what, fault, failures, figures);
	}

	@Test
	void serverIsDownWhileItIsWatched() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		assertThat(this.program.status().health().serverHealthy()).isTrue();
		this.program.controlPlane.pause();
		await().until(() -> Boolean.FALSE.equals(this.program.status().health().serverHealthy()));
		this.program.assertOldServes();
		this.program.controlPlane.resume();
		await().until(() -> Boolean.TRUE.equals(this.program.status().health().serverHealthy()));
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.creates()).isOne();
		Figures.report("server down while watching", this.program.figures());
	}

	@Test
	void requestThatIsPendingWhileTheServerIsDownIsSaidToBeOutOfReach() {
		this.program.controlPlane.behavior().approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		await().until(() -> this.program.controlPlane.openWatches() == 1);
		this.program.controlPlane.pause();
		await().until(() -> Boolean.FALSE.equals(this.program.status().health().serverHealthy()));
		this.program.clock.set(RotatingProgram.WAIT_TIMEOUT.plusSeconds(1));
		CertificateStatus.Failure failure = this.program.awaitFailure("Unreachable", 1);
		assertThat(failure.message()).contains("was not answered within 1h, because the API server cannot be reached",
				this.program.controlPlane.url(), "the next attempt waits for the same request");
		this.program.controlPlane.resume();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.objects()).isOne();
	}

	@Test
	void credentialsAreUnknownForAWhile() {
		this.program.controlPlane.faults().next(3, RecordedRequest::isCreate).answer(401);
		this.program.start(this.directory);
		this.program.awaitRotation();
		this.program.assertFigures("3 x 401", "4 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@Test
	void clockIsSetBackAnHourAndForwardAMonth() {
		this.program.controlPlane.behavior().certificateLifetime(Duration.ofDays(10));
		this.program.start(this.directory);
		CertificatePair pair = this.program.awaitRotation();
		// Issued a moment ago, it is not valid yet by this clock
		this.program.clock.set(Duration.ofHours(-1));
		assertThat(this.program.manager().current()).isNotEqualTo(Optional.of(pair));
		await().until(() -> this.program.status().rotations().count() == 2);
		CertificatePair replacement = this.program.manager().current().orElseThrow();
		assertThat(replacement).isNotEqualTo(pair);
		this.program.clock.set(Duration.ofDays(30));
		assertThat(this.program.manager().current()).isNotEqualTo(Optional.of(replacement));
		await().until(() -> this.program.status().rotations().count() == 3);
		assertThat(this.program.manager().current()).isPresent();
		this.program.assertFigures("clock back an hour, then forward a month",
				"3 POST, 3 watch, 0 GET, 0 list, 3 objects");
	}

	/** As of a machine that was suspended, and of its cluster. */
	@Test
	void clockJumpsFortyDaysWhileARequestIsPending() {
		awaitPending(Duration.ofDays(10));
		this.program.clock.set(Duration.ofDays(40));
		assertThat(this.program.manager().current()).isEmpty();
		this.program.controlPlane.behavior().approval(ApprovalPolicy.approving());
		this.program.awaitRotation();
		assertThat(this.program.objects()).isOne();
		assertThat(this.program.creates()).isOne();
		Figures.report("clock 40 days forward while a request is pending", this.program.figures());
	}

	@Test
	void certificateThatExpiredBeforeItWasReceivedIsRequestedAgainAtOnce() {
		awaitPending(Duration.ofDays(10));
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

	private void awaitPending(Duration lifetime) {
		this.program.controlPlane.behavior().certificateLifetime(lifetime).approval(ApprovalPolicy.manual());
		this.program.start(this.directory);
		await().until(() -> this.program.controlPlane.openWatches() == 1);
	}

}
