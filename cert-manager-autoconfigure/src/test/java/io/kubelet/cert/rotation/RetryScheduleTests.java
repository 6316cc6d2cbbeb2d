package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.stream.IntStream;

import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static java.time.Duration.ofMinutes;
import static java.time.Duration.ofSeconds;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Which schedules there are, and what each kind of failure makes of one.
 *
 * @see RetrySchedule
 */
class RetryScheduleTests {

	private static final Duration DAY = Duration.ofDays(1);

	@Test
	void serverThatStaysUnreachableIsTriedAtTheIntervalAfterTheGrowingWaits() {
		RetrySchedule schedule = new RetrySchedule(ofSeconds(1), 3, 0, 3, ofSeconds(20));
		assertThat(IntStream.rangeClosed(1, 5)
			.mapToObj((failures) -> schedule.delay(unavailable(null), failures, DAY, 0.75)))
			.extracting(Duration::toSeconds)
			.containsExactly(1L, 3L, 20L, 20L, 20L);
	}

	@ParameterizedTest
	@CsvSource({ "1, 0, PT2S", "1, 0.5, PT2.1S", "1, 1, PT2.2S", "3, 0, PT2S", "3, 0.5, PT8S", "3, 0.75, PT11S",
			"6, 0, PT36S", "9, 1, PT60S" })
	void waitsForAServerThatCannotBeReachedAreSpread(int failures, double random, Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(null), failures, null, random)).isEqualTo(wait);
	}

	/** Without a valid certificate, or with one that expires soon, they grow less. */
	@ParameterizedTest
	@CsvSource({ "5, P1D, 1, PT62S", "6, P1D, 0, PT48S", "6, P1D, 1, PT80S", "7, P1D, 0, PT96S", "7, P1D, 1, PT160S",
			"900, P1D, 0.5, PT128S", "9, PT20M, 0.5, PT60S", "9, PT10M, 1, PT60S", "9, PT-1M, 1, PT60S" })
	void waitsForAServerThatStaysAwayGrowPastTheIntervalWhileTheCertificateIsValid(int failures, Duration left,
			double random, Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(null), failures, left, random)).isEqualTo(wait);
	}

	/** Those that were rejected together do not return together. */
	@ParameterizedTest
	@CsvSource({ "PT1S, 3, 0, PT2S", "PT1S, 3, 1, PT14S", "PT1S, 9, 1, PT160S", "PT10M, 9, 0, PT10M" })
	void waitsForAServerThatIsBusyAreSpread(Duration retryAfter, int failures, double random, Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(retryAfter), failures, DAY, random)).isEqualTo(wait);
	}

	/** A server that asks to return soon is not asked sooner than one that is away. */
	@ParameterizedTest
	@CsvSource({ "PT1S, PT5M, 1, PT60S", "PT10M, PT5M, 1, PT60S", "PT10M, PT20M, 0, PT2M", "PT10M, PT-1M, 0, PT60S",
			"PT10M, , 0, PT60S" })
	void serverThatIsBusyIsGrantedATenthOfWhatIsLeft(Duration retryAfter, @Nullable Duration left, double random,
			Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(retryAfter), 9, left, random)).isEqualTo(wait);
	}

	@ParameterizedTest
	@CsvSource({ "1, PT36S", "1.2, PT36S", "2, PT36S" })
	void laterWaitsAreNoShorterHoweverLittleTheyGrow(double multiplier, Duration wait) {
		RetrySchedule schedule = new RetrySchedule(ofSeconds(2), multiplier, 0.1, 5, ofSeconds(32));
		assertThat(schedule.delay(unavailable(null), 6, null, 0)).isEqualTo(wait);
	}

	@Test
	void waitsGrowUpToTheIntervalHoweverManyThereAre() {
		RetrySchedule schedule = new RetrySchedule(ofSeconds(2), 2, 0, 2000, ofSeconds(32));
		assertThat(IntStream.rangeClosed(1, 6).mapToObj(schedule::growing)).extracting(Duration::toSeconds)
			.containsExactly(2L, 4L, 8L, 16L, 32L, 32L);
		assertThat(IntStream.rangeClosed(7, 2001).mapToObj(schedule::growing)).containsOnly(ofSeconds(32));
	}

	@Test
	void initialDelayBeyondTheIntervalIsKeptAndDoesNotGrow() {
		RetrySchedule schedule = new RetrySchedule(ofMinutes(5), 2, 0, 4, ofSeconds(32));
		assertThat(IntStream.rangeClosed(1, 4).mapToObj(schedule::growing)).extracting(Duration::toSeconds)
			.containsExactly(300L, 300L, 300L, 32L);
	}

	/** Another attempt may come in time. */
	@ParameterizedTest
	@CsvSource({ "PT10M, PT10M1S, PT10M", "PT10M, PT10M, PT1M", "PT30S, PT30S, PT30S" })
	void waitIsShortenedToAMinuteIfTheCertificateExpiresInIt(Duration wait, Duration left, Duration limited) {
		assertThat(RetrySchedule.KUBELET.limit(wait, left)).isEqualTo(limited);
	}

	/** A server that says "at once" each time is not asked at once each time. */
	@ParameterizedTest
	@CsvSource({ "PT0S, 0, PT2S", "PT42S, 1, PT46.2S", "PT59M, 0, PT59M", "PT61M, 0, PT60M", "P1000000D, 0, PT60M" })
	void retryAfterIsNeverCutShortAndLastsAnHourAtMost(Duration retryAfter, double random, Duration wait) {
		assertThat(RetrySchedule.KUBELET.delay(unavailable(retryAfter), 1, DAY, random)).isEqualTo(wait);
	}

	@ParameterizedTest
	@CsvSource({ "0, 0.9", "-0.1, 0.9", "0.91, 0.9", "0.7, 1", "0.7, 1.1", "NaN, 0.9", "0.7, NaN" })
	void windowThatIsNotWithinTheLifetimeIsRefused(double earliest, double latest) {
		assertThatIllegalArgumentException().isThrownBy(() -> new RotationWindow(earliest, latest))
			.withMessage("The earliest fraction must be above 0 and at most the latest one, and the latest below 1, "
					+ "but they are %s and %s", earliest, latest);
	}

	private static RequestException unavailable(@Nullable Duration retryAfter) {
		return RequestException.unavailable("TooManyRequests", "busy", retryAfter, null);
	}

}
