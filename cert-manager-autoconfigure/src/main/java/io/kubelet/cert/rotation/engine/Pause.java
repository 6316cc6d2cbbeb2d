package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;

/**
 * A time in which nothing is requested. It is measured on the wall clock, so that it
 * passes while a machine sleeps; a clock that is set back before its start ends it.
 *
 * @param start when it began
 * @param end when it is over
 */
record Pause(Instant start, Instant end) {

	static final Pause NONE = new Pause(Instant.MIN, Instant.MIN);

	static Pause of(Instant now, Duration length) {
		return new Pause(now, now.plus(length));
	}

	boolean isOver(Instant now) {
		return now.isBefore(this.start) || !now.isBefore(this.end);
	}

}
