package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.Arrays;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.RetrySchedule;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * How long it takes from a failure to the next attempt.
 */
class RetryTests extends ManagerFixture {

	@Test
	void glitchIsRetriedAtGrowingWaitsThenAtOneIntervalWithoutEnd() {
		glitches();
		start();
		pass(Duration.ofMinutes(10));
		assertThat(waits()).startsWith(seconds(2, 4, 8, 16, 32, 32, 32)).hasSizeGreaterThan(20);
		assertThat(this.signer.requests).hasSameSizeAs(this.failures);
	}

	@Test
	void growingWaitsGetUpToTenPercentOfJitter() {
		glitches();
		this.random = 1;
		start();
		pass(Duration.ofMinutes(2));
		assertThat(waits()).startsWith(seconds(2.2, 4.4, 8.8, 17.6, 32));
	}

	@Test
	void successBeginsTheRowAnew() {
		glitches();
		CertificateManager manager = start();
		pass(Duration.ofSeconds(2));
		this.signer.issues();
		pass(Duration.ofSeconds(4));
		assertThat(manager.current()).isPresent();
		glitches();
		rotate(manager);
		assertThat(waits()).containsExactly(seconds(2, 4, 2));
		assertThat(this.failures).extracting(CertificateStatus.Failure::attempt).containsExactly(1, 2, 1);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("answers")
	void answerIsReportedWithItsReasonAndRetriedFromAMinuteDoublingToAnHour(String name,
			Function<CertificateRequest, Throwable> answer, String reason, String message) {
		this.signer.failsWith(answer);
		start();
		pass(Duration.ofHours(5));
		assertThat(waits()).startsWith(minutes(1, 2, 4, 8, 16, 32, 60, 60, 60));
		assertThat(this.failures).allSatisfy((failure) -> {
			assertThat(failure.reason()).isEqualTo(reason);
			assertThat(failure.message()).contains(message);
			assertThat(failure.needsAttention()).isTrue();
		});
		assertThat(this.signer.requests).extracting(CertificateRequest::publicKey).doesNotHaveDuplicates();
	}

	static Stream<Arguments> answers() {
		Function<CertificateRequest, Throwable> denied = (request) -> RequestException
			.denied(String.valueOf(request.name()), "example.com/signer", "NotYours", "ask the platform team");
		Function<CertificateRequest, Throwable> failed = (request) -> RequestException.failed(
				String.valueOf(request.name()), "example.com/signer", "SignerValidationFailure",
				"organization is wrong");
		return Stream.of(arguments("denied", denied, "NotYours", "was denied: ask the platform team"),
				arguments("failed", failed, "SignerValidationFailure", ": organization is wrong"));
	}

	@Test
	void templateChangeAfterADenialIsRequestedAtOnce() {
		this.signer.denies();
		start(dynamic());
		pass(Duration.ofMinutes(30));
		int before = this.signer.requests.size();
		this.template = CertificateTemplate.ofSubject("system:node:n1", "others");
		this.signer.issues();
		pass(Duration.ofSeconds(1));
		assertThat(this.signer.requests).hasSize(before + 1);
		assertThat(this.rotations).hasSize(1);
	}

	@Test
	void retryAfterIsObeyed() {
		this.signer.isBusy(Duration.ofSeconds(42));
		start();
		pass(Duration.ofSeconds(42).minusMillis(1));
		assertThat(this.signer.requests).hasSize(1);
		pass(Duration.ofMillis(1));
		assertThat(this.signer.requests).hasSize(2);
	}

	/** A server that says "at once" each time is not asked at once each time. */
	@Test
	void retryAfterThatIsShorterThanTheGrowingWaitDoesNotShortenIt() {
		this.signer.isBusy(Duration.ZERO);
		start();
		pass(Duration.ofMinutes(2));
		assertThat(waits()).startsWith(seconds(2, 4, 8, 16, 32));
	}

	/** Also one that follows a denial: that holds for the old template only. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void retryAfterIsObeyedWhenTheTemplateChanges(boolean deniedBefore) {
		if (deniedBefore) {
			this.signer.denies();
		}
		else {
			this.signer.isBusy(Duration.ofMinutes(5));
		}
		start(dynamic());
		if (deniedBefore) {
			this.signer.isBusy(Duration.ofMinutes(5));
			pass(Duration.ofMinutes(1));
		}
		int before = this.signer.requests.size();
		this.template = CertificateTemplate.ofSubject("system:node:n1", "others");
		this.signer.denies();
		pass(Duration.ofMinutes(5).minusMillis(1));
		assertThat(this.signer.requests).hasSize(before);
		pass(Duration.ofMillis(1));
		assertThat(this.signer.requests).hasSize(before + 1);
		assertThat(waits()).last().isEqualTo(Duration.ofMinutes(1));
	}

	@Test
	void waitsAfterGlitchesGrowAlsoWhenTheTemplateChanges() {
		glitches();
		start(builder().template(
				() -> Optional.of(CertificateTemplate.ofSubject("system:node:n1", "group-" + this.failures.size()))));
		pass(Duration.ofMinutes(2));
		assertThat(waits()).startsWith(seconds(2, 4, 8, 16, 32));
	}

	@Test
	void retryAfterIsNeverCutShortAndLastsAnHourAtMost() {
		this.signer.isBusy(Duration.ofSeconds(42));
		this.random = 1;
		start();
		assertThat(waits()).containsExactly(seconds(46.2));
		assertThat(RetrySchedule.KUBELET
			.delay(RequestException.unavailable(null, "TooManyRequests", "busy", Duration.ofDays(365), null), 1, 0))
			.isEqualTo(Duration.ofHours(1));
	}

	@Test
	void glitchesBeforeADenialDoNotSlowItsRetry() {
		glitches();
		start();
		pass(Duration.ofSeconds(6));
		this.signer.denies();
		pass(Duration.ofSeconds(8));
		assertThat(waits()).containsExactly(seconds(2, 4, 8, 60));
	}

	@Test
	void rotationOnDemandDoesNotWaitForTheNextAttempt() {
		this.signer.denies();
		CertificateManager manager = start();
		this.signer.issues();
		var rotated = rotate(manager);
		assertThat(rotated).isCompleted();
		assertThat(this.signer.requests).hasSize(2);
	}

	@Test
	void rotationOnDemandFailsWithItsAttemptAndIsTriedAgain() {
		CertificateManager manager = start();
		IllegalStateException glitch = new IllegalStateException("a glitch");
		this.signer.failsWith((request) -> glitch);
		var rotated = rotate(manager);
		assertThat(rotated).isCompletedExceptionally();
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(rotated::get).withCause(glitch);
		this.signer.issues();
		pass(Duration.ofSeconds(2));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
	}

	@Test
	void failureOfADependentStageIsTakenForItsCause() {
		this.signer.failsWith((request) -> new CompletionException(
				RequestException.denied(String.valueOf(request.name()), "example.com/signer", "No", "no")));
		start();
		assertThat(this.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.cause()).returns(Kind.DENIED, Kind::of);
			assertThat(failure.reason()).isEqualTo("No");
		});
	}

	@Test
	void failureWithoutAMessageIsToldByItsKind() {
		this.signer.failsWith((request) -> new CompletionException(null, null));
		start();
		assertThat(this.failures).singleElement().satisfies((failure) -> {
			assertThat(failure.reason()).isEqualTo("Completion");
			assertThat(failure.message()).isEqualTo("java.util.concurrent.CompletionException");
		});
	}

	private void glitches() {
		this.signer.failsWith((request) -> new IllegalStateException("a glitch"));
	}

	private static Duration[] seconds(double... seconds) {
		return DoubleStream.of(seconds)
			.mapToObj((value) -> Duration.ofMillis(Math.round(value * 1000)))
			.toArray(Duration[]::new);
	}

	private static Duration[] minutes(long... minutes) {
		return Arrays.stream(minutes).mapToObj(Duration::ofMinutes).toArray(Duration[]::new);
	}

}
