package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutionException;
import java.util.stream.DoubleStream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.testsupport.ManagerFixture;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.system.CapturedOutput;

import static java.time.Duration.ofHours;
import static java.time.Duration.ofMillis;
import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * How long it takes from a failure to the next attempt.
 *
 * @see io.kubelet.cert.rotation.core.Failures
 */
class RetryTests extends ManagerFixture {

	@ParameterizedTest
	@CsvSource({ "0, 1.0", "1, 1.1" })
	void glitchIsRetriedAtGrowingWaitsWithJitterThenAtOneIntervalWithoutEnd(double random, double factor) {
		glitches();
		this.random = random;
		start();
		pass(ofMinutes(10));
		assertThat(waits()).startsWith(seconds(2 * factor, 4 * factor, 8 * factor, 16 * factor, 32, 32, 32))
			.hasSizeGreaterThan(20);
		assertThat(this.signer.requests).hasSameSizeAs(this.failures);
	}

	/** As with a store that does not answer, or a key that takes long. */
	@Test
	void attemptThatTakesLongIsFollowedByTheNextOneWhenItSays() {
		List<Instant> attempts = new ArrayList<>();
		start(builder().keys((specification) -> {
			attempts.add(this.time.instant());
			this.time.setClock(ofSeconds(10));
			throw new IllegalStateException("no entropy");
		}));
		pass(ofMinutes(10));
		assertThat(this.failures).hasSizeGreaterThan(10);
		assertThat(this.failures.subList(0, 10)).extracting(Failure::nextAttempt)
			.containsExactlyElementsOf(attempts.subList(1, 11));
	}

	@Test
	void successBeginsTheRowAnew() {
		glitches();
		CertificateManager manager = start();
		assertThat(manager.status().state()).isEqualTo(State.WAITING);
		pass(ofSeconds(2));
		assertThat(manager.status().lastFailure()).isEqualTo(this.failures.get(1));
		this.signer.issues();
		pass(ofSeconds(4));
		assertThat(manager.current()).isPresent();
		assertThat(manager.status().lastFailure()).isNull();
		glitches();
		rotate(manager);
		assertThat(waits()).containsExactly(seconds(2, 4, 2));
		assertThat(this.failures).extracting(Failure::attempt).containsExactly(1, 2, 1);
	}

	@ParameterizedTest
	@CsvSource({ "true, NotYours, was denied: ask us", "false, SignerValidationFailure, : ask us" })
	void answerIsReportedWithItsReasonAndRetriedFromAMinuteDoublingToAnHour(boolean denied, String reason,
			String message) {
		this.signer.failsWith(
				(request) -> denied ? RequestException.denied("csr-1", Signer.of("example.com/s"), reason, "ask us")
						: RequestException.failed("csr-1", Signer.of("example.com/s"), reason, "ask us"));
		start();
		pass(ofHours(5));
		assertThat(waits()).startsWith(seconds(60, 120, 240, 480, 960, 1920, 3600, 3600, 3600));
		assertThat(this.failures).allSatisfy((failure) -> {
			assertThat(failure.reason()).isEqualTo(reason);
			assertThat(failure.message()).contains(message);
			assertThat(failure.needsAttention()).isTrue();
		});
		assertThat(this.signer.requests).extracting(CertificateRequest::publicKey).doesNotHaveDuplicates();
	}

	/** Also when the template changes, and if that follows a denial of the old one. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void retryAfterIsObeyed(boolean deniedBefore) {
		if (deniedBefore) {
			this.signer.denies();
		}
		else {
			this.signer.isBusy(ofSeconds(50));
		}
		start(dynamic());
		if (deniedBefore) {
			this.signer.isBusy(ofSeconds(50));
			pass(ofMinutes(1));
		}
		int before = this.signer.requests.size();
		this.template = CertificateTemplate.ofSubject("system:node:n1", "others");
		this.signer.denies();
		pass(ofSeconds(50).minusMillis(1));
		assertThat(this.signer.requests).hasSize(before);
		pass(ofMillis(1));
		assertThat(this.signer.requests).hasSize(before + 1);
		assertThat(waits()).last().isEqualTo(ofMinutes(1));
	}

	/** A denial of one template does not hold for another. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void pauseAfterADenialEndsWithAnotherTemplateAndNotWithAForeignPair(boolean denied) {
		storePair(ofHours(9), ofHours(1));
		if (denied) {
			this.signer.denies();
		}
		else {
			this.signer.isBusy(ofMinutes(5));
		}
		CertificateManager manager = start(dynamic());
		pass(ofMinutes(3));
		int before = this.signer.requests.size();
		CertificatePair due = storePair(ofHours(8), ofHours(1));
		pass(ofMinutes(2).minusSeconds(2));
		assertThat(manager.current()).contains(due);
		assertThat(manager.status().lastFailure()).isNull();
		assertThat(this.signer.requests).hasSize(before);
		this.template = CertificateTemplate.ofSubject("system:node:n1", "others");
		pass(ofSeconds(2));
		assertThat(this.signer.requests).hasSize(before + 1);
		assertThat(this.failures).last().returns(1, Failure::attempt);
	}

	@Test
	void glitchesBeforeADenialDoNotSlowItsRetry() {
		glitches();
		start();
		pass(ofSeconds(6));
		this.signer.denies();
		pass(ofSeconds(8));
		assertThat(waits()).containsExactly(seconds(2, 4, 8, 60));
	}

	@Test
	void rotationOnDemandDoesNotWaitForTheNextAttempt() {
		this.signer.denies();
		CertificateManager manager = start();
		this.signer.issues();
		assertThat(rotate(manager)).isCompleted();
		assertThat(this.signer.requests).hasSize(2);
	}

	@Test
	void rotationOnDemandFailsWithItsAttemptAndIsTriedAgain() {
		CertificateManager manager = start();
		IllegalStateException glitch = new IllegalStateException("a glitch");
		this.signer.failsWith((request) -> glitch);
		assertThatExceptionOfType(ExecutionException.class).isThrownBy(() -> rotate(manager).get()).withCause(glitch);
		this.signer.issues();
		pass(ofSeconds(2));
		assertThat(manager.status().rotations().count()).isEqualTo(2);
		assertThat(this.credentials).containsExactly(null, this.rotations.get(0).current(),
				this.rotations.get(0).current());
	}

	/** The tenth part of what is left, up to an hour, but no less than the interval. */
	@ParameterizedTest
	@CsvSource({ "PT10H, PT1H, PT1H", "PT100H, PT2H, PT1H", "PT5H, PT1H, PT30M", "PT1H, PT1H, PT6M",
			"PT5M, PT1H, PT32S", "PT5M, PT20S, PT20S", "PT20S, PT1H, PT32S", "PT0S, PT1H, PT1M" })
	void retryAfterLeavesTimeForAnotherAttempt(Duration left, Duration retryAfter, Duration wait) {
		storePair(left.multipliedBy(99).plusHours(1), left);
		this.signer.isBusy(retryAfter);
		start();
		pass(ofMillis(1));
		assertThat(waits()).first().isEqualTo(wait);
	}

	@Test
	void retryAfterIsAMinuteAtMostWithoutACertificate() {
		this.signer.isBusy(ofHours(1));
		start();
		assertThat(waits()).containsExactly(ofMinutes(1));
	}

	@Test
	void denialIsRetriedEveryMinuteOnceTheCertificateHasExpired(CapturedOutput output) {
		this.signer.denies();
		storePair(ofHours(9), ofMinutes(40));
		CertificateManager manager = start();
		pass(ofHours(3));
		assertThat(waits()).startsWith(seconds(60, 120, 240, 480, 960, 60, 60)).endsWith(seconds(60, 60));
		assertThat(this.signer.requests).as("one request at a time").hasSameSizeAs(this.failures);
		assertLine(output, "Once this is corrected, POST /actuator/certificates/kubelet-client rotates at once, if "
				+ "'management.endpoint.certificates.access' is 'unrestricted'")
			.contains("Attempt 1 failed");
		this.signer.issues();
		pass(ofMinutes(1));
		assertThat(manager.status().state()).isEqualTo(State.VALID);
	}

	private void glitches() {
		this.signer.failsWith((request) -> new IllegalStateException("a glitch"));
	}

	private static Duration[] seconds(double... seconds) {
		return DoubleStream.of(seconds)
			.mapToObj((value) -> ofMillis(Math.round(value * 1000)))
			.toArray(Duration[]::new);
	}

}
