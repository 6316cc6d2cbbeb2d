package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for the pauses of a {@link Reflector}.
 */
class ReflectorTests {

	@ParameterizedTest
	@CsvSource({ "1,PT1S", "2,PT2S", "5,PT16S", "6,PT30S", "1000000,PT30S" })
	void watchThatBringsNothingIsOpenedEverMoreSeldom(int times, Duration longest) {
		assertThat(Reflector.pause(times, Duration.ZERO, 1)).isEqualTo(longest.toMillis());
		assertThat(Reflector.pause(times, Duration.ZERO, 0)).isEqualTo(longest.toMillis() / 2);
	}

	@ParameterizedTest
	@CsvSource({ "PT0S,PT1S", "PT10S,PT10S", "PT1H,PT1H", "PT24H,PT1H", "P10000D,PT1H" })
	void serverThatAsksForAPauseGetsItUpToAnHour(Duration retryAfter, Duration pause) {
		assertThat(Reflector.pause(1, retryAfter, 1)).isEqualTo(pause.toMillis());
	}

}
