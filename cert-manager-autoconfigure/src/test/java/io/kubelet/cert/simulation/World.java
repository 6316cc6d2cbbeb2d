package io.kubelet.cert.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;

import io.kubelet.cert.testsupport.SimulatedTime;
import org.jspecify.annotations.Nullable;

/**
 * Where a history takes place. There are two times: the true one, by which the server
 * lives, and the machine's, which may be wrong.
 */
final class World {

	/** The machine's clock, and all timers. */
	final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	final KeyPool keys = new KeyPool();

	/** What should never have happened. */
	final List<String> violations = new ArrayList<>();

	final History history;

	final Random random;

	/** By how much the machine's clock is ahead. */
	Duration error = Duration.ZERO;

	World(History history) {
		this.history = history;
		this.random = new Random(history.seed());
	}

	/** The true time. */
	Instant now() {
		return this.time.instant().minus(this.error);
	}

	/** Sets the machine's clock wrong. */
	void setError(Duration error) {
		this.time.setClock(error.minus(this.error));
		this.error = error;
	}

	/**
	 * Notes that an invariant is broken, unless a condition holds. It is not thrown here,
	 * since the engine may catch it.
	 */
	void require(boolean condition, String invariant, @Nullable Object... arguments) {
		if (!condition && this.violations.size() < 5) {
			this.violations.add(this.time.instant() + ": " + invariant.formatted(arguments));
		}
	}

}
