package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Which schedules there are, and what each kind of failure makes of one.
 */
class RetryScheduleTests {

	@ParameterizedTest
	@CsvSource({ "PT0S, 2, 0.1, 5, PT32S, The initial delay must be positive",
			"PT-1S, 2, 0.1, 5, PT32S, The initial delay must be positive",
			"PT2S, 0.99, 0.1, 5, PT32S, The multiplier must be at least 1",
			"PT2S, NaN, 0.1, 5, PT32S, The multiplier must be at least 1",
			"PT2S, 2, -0.1, 5, PT32S, The jitter must be between 0 and 1",
			"PT2S, 2, 1.1, 5, PT32S, The jitter must be between 0 and 1",
			"PT2S, 2, 0.1, 0, PT32S, There must be at least one attempt",
			"PT2S, 2, 0.1, 5, PT0S, The interval must be positive",
			"PT2S, 2, 0.1, 5, PT-1S, The interval must be positive" })
	void valueThatIsOutOfRangeIsRefusedWithItsRange(Duration initialDelay, double multiplier, double jitter,
			int attempts, Duration interval, String rule) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> new RetrySchedule(initialDelay, multiplier, jitter, attempts, interval))
			.withMessage(rule);
	}

	@ParameterizedTest
	@CsvSource({ "1, 0, 1", "1, 1, 1" })
	void valuesAtTheEndsOfTheirRangesAreAccepted(double multiplier, double jitter, int attempts) {
		RetrySchedule schedule = new RetrySchedule(Duration.ofMillis(1), multiplier, jitter, attempts,
				Duration.ofSeconds(1));
		assertThat(schedule.delay(new IllegalStateException(), 1, 0.5)).isEqualTo(Duration.ofSeconds(1));
	}

	@Test
	void serverThatStaysUnreachableIsTriedAtTheIntervalAfterTheGrowingWaits() {
		RetrySchedule schedule = new RetrySchedule(Duration.ofSeconds(1), 3, 0, 3, Duration.ofSeconds(20));
		assertThat(
				IntStream.rangeClosed(1, 5).mapToObj((failures) -> schedule.delay(unavailable(null), failures, 0.75)))
			.extracting(Duration::toSeconds)
			.containsExactly(1L, 3L, 20L, 20L, 20L);
	}

	@ParameterizedTest
	@CsvSource({ "1, 0, PT2S", "1, 0.5, PT2.1S", "1, 1, PT2.2S", "3, 0, PT2S", "3, 0.5, PT8S", "3, 0.75, PT11S",
			"9, 1, PT62S" })
	void waitsForAServerThatCannotBeReachedAreSpread(int failures, double random, Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(null), failures, random)).isEqualTo(wait);
	}

	@Test
	void waitsGrowUpToTheIntervalHoweverManyThereAre() {
		RetrySchedule schedule = new RetrySchedule(Duration.ofSeconds(2), 2, 0, 2000, Duration.ofSeconds(32));
		assertThat(IntStream.rangeClosed(1, 6).mapToObj(schedule::growing)).extracting(Duration::toSeconds)
			.containsExactly(2L, 4L, 8L, 16L, 32L, 32L);
		assertThat(IntStream.rangeClosed(7, 2001).mapToObj(schedule::growing)).containsOnly(Duration.ofSeconds(32));
	}

	@Test
	void initialDelayBeyondTheIntervalIsKeptAndDoesNotGrow() {
		RetrySchedule schedule = new RetrySchedule(Duration.ofMinutes(5), 2, 0, 4, Duration.ofSeconds(32));
		assertThat(IntStream.rangeClosed(1, 4).mapToObj(schedule::growing)).extracting(Duration::toSeconds)
			.containsExactly(300L, 300L, 300L, 32L);
	}

	@Test
	void retryAfterOfMoreThanAnHourIsCutAndALesserOneIsKept() {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(Duration.ofMinutes(59)), 1, 0)).hasMinutes(59);
		assertThat(RetrySchedule.KUBELET.delay(unavailable(Duration.ofMinutes(61)), 1, 0)).hasMinutes(60);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failures")
	void kindOfFailureDecidesTheWaitAndWhetherSomeoneHasToAct(String name, RequestException cause, Duration wait,
			boolean needsAttention) {
		assertThat(RetrySchedule.KUBELET.delay(cause, 1, 0)).isEqualTo(wait);
		CertificateStatus.Failure failure = new CertificateStatus.Failure(Instant.EPOCH, cause.reason(), "", 1,
				Instant.EPOCH, cause);
		assertThat(failure.needsAttention()).isEqualTo(needsAttention);
	}

	static Stream<Arguments> failures() {
		Duration glitch = Duration.ofSeconds(2);
		Duration answer = Duration.ofMinutes(1);
		return Stream.of(
				arguments("denied", RequestException.denied("csr", "example.com/signer", "No", "no"), answer, true),
				arguments("failed", RequestException.failed("csr", "example.com/signer", "No", "no"), answer, true),
				arguments("refused", RequestException.refused("csr", "example.com/s", List.of("wrong key")), answer,
						true),
				arguments("invalid", rejected(422), answer, true),
				arguments("unauthorized", rejected(401), glitch, true),
				arguments("forbidden", rejected(403), glitch, true),
				arguments("unreachable", unavailable(null), glitch, false),
				arguments("timed out", RequestException.timedOut("csr", "example.com/s", Duration.ofMinutes(15)),
						glitch, false),
				arguments("gone", RequestException.lost("csr", "Gone", "deleted"), glitch, false),
				arguments("name taken", RequestException.lost("csr", "AlreadyExists", "another key"), glitch, false));
	}

	private static RequestException rejected(int statusCode) {
		return RequestException.rejected("csr", statusCode, "Rejected", "no");
	}

	private static RequestException unavailable(@Nullable Duration retryAfter) {
		return RequestException.unavailable(null, "TooManyRequests", "busy", retryAfter, null);
	}

}
