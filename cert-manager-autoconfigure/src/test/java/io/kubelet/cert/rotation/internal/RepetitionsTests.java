package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.stream.IntStream;

import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link Repetitions}.
 *
 * @see Repetitions
 */
class RepetitionsTests {

	private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	@Test
	void eachOfTwentyMessagesIsNewOnceInARow() {
		Repetitions repetitions = new Repetitions();
		for (int count = 1; count <= 20; count++) {
			assertThat(repetitions.isToBeLogged("message " + count, count, NOW)).isTrue();
		}
		assertThat(repetitions.isToBeLogged("message 21", 21, NOW)).isFalse();
		for (int count = 1; count <= 5; count++) {
			assertThat(repetitions.isToBeLogged("message 1", count, NOW)).isTrue();
		}
		assertThat(repetitions.isToBeLogged("message 1", 6, NOW)).isFalse();
		assertThat(repetitions.isToBeLogged("message 21", 7, NOW)).isTrue();
	}

	@Test
	void whatIsTriedEachSecondIsLoggedOnceThenEverLessOften() {
		Repetitions repetitions = new Repetitions(1);
		assertThat(IntStream.rangeClosed(1, 3600)
			.filter((count) -> repetitions.isToBeLogged("message", count, NOW.plusSeconds(count)))
			.mapToObj((count) -> Duration.ofSeconds(count - 1))).containsExactly(Duration.ZERO, Duration.ofMinutes(1),
					Duration.ofMinutes(3), Duration.ofMinutes(7), Duration.ofMinutes(15), Duration.ofMinutes(31));
	}

}
