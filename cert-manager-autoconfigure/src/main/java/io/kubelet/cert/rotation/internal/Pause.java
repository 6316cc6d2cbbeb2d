package io.kubelet.cert.rotation.internal;

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

	/** None. */
	public static final Pause NONE = new Pause(Instant.MIN, Instant.MIN);

	/** Returns a pause that begins now. */
	public static Pause of(Instant now, Duration length) {
		return new Pause(now, now.plus(length));
	}

	/** Returns the one of two that ends later. */
	public Pause orLonger(Pause other) {
		return other.end.isAfter(this.end) ? other : this;
	}

	/** Whether it does not last at an instant. */
	public boolean isOver(Instant now) {
		return now.isBefore(this.start) || !now.isBefore(this.end);
	}

	/** When something can begin that is due at an instant. */
	public Instant earliest(Instant due, Instant now) {
		return (isOver(now) || this.end.isBefore(due)) ? due : this.end;
	}

}
