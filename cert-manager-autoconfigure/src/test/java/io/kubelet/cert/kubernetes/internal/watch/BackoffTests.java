package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Backoff}.
 */
class BackoffTests {

	@ParameterizedTest
	@CsvSource({ "0,PT1S", "1,PT1S", "2,PT2S", "5,PT16S", "6,PT30S", "1000000,PT30S" })
	void watchThatBringsNothingIsOpenedEverMoreSeldom(int times, Duration longest) {
		assertThat(Backoff.of(times, Backoff.LONGEST_MILLIS, Duration.ZERO, 1)).isEqualTo(longest);
		assertThat(Backoff.of(times, Backoff.LONGEST_MILLIS, Duration.ZERO, 0)).isEqualTo(longest.dividedBy(2));
	}

	@ParameterizedTest
	@ValueSource(doubles = { 0, 1 })
	void noPauseIsLongerThanHalfOfTheTimeThatAnApplicationStillWaits(double random) {
		Backoff pause = new Backoff();
		pause.awaitedFor(Duration.ofSeconds(60));
		Duration left = Duration.ofSeconds(60);
		while (left.compareTo(Duration.ofSeconds(1)) > 0) {
			pause.opening();
			Duration next = pause.next(random);
			assertThat(next).isLessThanOrEqualTo(left.dividedBy(2));
			left = left.minus(next);
		}
		for (int i = 0; i < 10; i++) {
			pause.opening();
			pause.next(random);
		}
		assertThat(pause.next(random)).isGreaterThanOrEqualTo(Duration.ofSeconds(15));
	}

	@Test
	void serverThatAsksForAPauseGetsItWhileAnApplicationWaitsToo() {
		Backoff pause = new Backoff();
		pause.awaitedFor(Duration.ofSeconds(5));
		pause.askedFor(Duration.ofSeconds(10));
		assertThat(pause.next(1)).isEqualTo(Duration.ofSeconds(10));
	}

	@ParameterizedTest
	@CsvSource({ "PT0S,PT1S", "PT10S,PT10S", "PT1H,PT1H", "PT24H,PT1H", "P100000D,PT1H" })
	void serverThatAsksForAPauseGetsItUpToAnHour(Duration retryAfter, Duration pause) {
		assertThat(Backoff.of(1, Backoff.LONGEST_MILLIS, retryAfter, 1)).isEqualTo(pause);
	}

}
