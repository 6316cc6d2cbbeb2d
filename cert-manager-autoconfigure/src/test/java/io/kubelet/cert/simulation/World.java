package io.kubelet.cert.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.testsupport.SimulatedTime;
import org.jspecify.annotations.Nullable;

/**
 * The time: the true one, by which the server lives, and the machine's, which may be
 * wrong. And what should never have happened in it.
 */
final class World {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final List<String> violations = new ArrayList<>();

	private Duration error = Duration.ZERO;

	private Duration elapsed = Duration.ZERO;

	/** Timers, and the machine's clock. */
	SimulatedTime time() {
		return this.time;
	}

	/** The true time. */
	Instant now() {
		return this.time.instant().minus(this.error);
	}

	/** The time in which the machine was awake. */
	Duration elapsed() {
		return this.elapsed;
	}

	void pass(Duration duration) {
		this.time.pass(duration);
		this.elapsed = this.elapsed.plus(duration);
	}

	/** By how much the machine's clock is ahead. */
	Duration error() {
		return this.error;
	}

	/** Sets the machine's clock wrong. */
	void setError(Duration error) {
		this.time.setClock(error.minus(this.error));
		this.error = error;
	}

	/** The machine sleeps: its timers do not run, its clock does. */
	void suspend(Duration duration) {
		this.time.setClock(duration);
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

	List<String> violations() {
		return this.violations;
	}

}
