package io.kubelet.cert.certificate;

import java.time.Duration;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ReadableDuration}.
 *
 * @see ReadableDuration
 */
class ReadableDurationTests {

	@ParameterizedTest(name = "{0} is written as {1}")
	@CsvSource({ "PT-5S, 1s", "PT0S, 1s", "PT0.4S, 1s", "PT1S, 1s", "PT2.1S, 2s", "PT45S, 45s", "PT60S, 1m",
			"PT59.5S, 1m", "PT125S, 2m 5s", "PT15M, 15m", "PT1H, 1h", "PT1H0M29S, 1h", "PT1H0M30S, 1h 1m",
			"PT59M59.5S, 1h", "PT23H59M30S, 1d", "PT26H, 1d 2h", "P3DT4H29M, 3d 4h", "P3DT3H59M, 3d 4h",
			"P365D, 365d" })
	void twoLargestUnitsAreWrittenAndTheRestIsRounded(Duration duration, String text) {
		assertThat(ReadableDuration.of(duration)).isEqualTo(text);
	}

}
