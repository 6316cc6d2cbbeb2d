package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;

/**
 * A time in which nothing is requested. It is measured on the wall clock, so that it
 * passes while a machine sleeps; a clock that is set back before its start ends it.
 *
 * @param start when it began
 * @param end when it is over
 */
public record Pause(Instant start, Instant end) {

	/** The pause that is always over. */
	public static final Pause NONE = new Pause(Instant.MIN, Instant.MIN);

	/**
	 * Begins a pause.
	 * @param now the current time
	 * @param length how long it lasts
	 * @return the pause
	 */
	public static Pause of(Instant now, Duration length) {
		return new Pause(now, now.plus(length));
	}

	/**
	 * Returns whether the pause is over.
	 * @param now the current time
	 * @return {@code false} while it lasts
	 */
	public boolean isOver(Instant now) {
		return now.isBefore(this.start) || !now.isBefore(this.end);
	}

	/** When something can begin that is due at an instant. */
	Instant earliest(Instant due, Instant now) {
		return (isOver(now) || this.end.isBefore(due)) ? due : this.end;
	}

	/** The pause that lasts longer. */
	Pause or(Pause other) {
		return other.end.isAfter(this.end) ? other : this;
	}

}
