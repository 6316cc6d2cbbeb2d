package io.kubelet.cert.fleet;

import java.time.Duration;
import java.time.Instant;
import java.util.PriorityQueue;

/**
 * Simulated time, in microseconds, and what happens in it.
 */
final class Timeline {

	static final long SECOND = 1_000_000;

	private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	private final PriorityQueue<Event> events = new PriorityQueue<>();

	private long now;

	private long number;

	long now() {
		return this.now;
	}

	static Instant instant(long micros) {
		return START.plusSeconds(micros / SECOND).plusNanos(micros % SECOND * 1000);
	}

	/** Rounded up, so that what is due at the instant is due then. */
	static long micros(Instant instant) {
		return (instant.getEpochSecond() - START.getEpochSecond()) * SECOND + (instant.getNano() + 999) / 1000;
	}

	static Duration duration(long micros) {
		return Duration.ofNanos(micros * 1000);
	}

	static long micros(Duration duration) {
		return duration.getSeconds() * SECOND + duration.getNano() / 1000;
	}

	void at(long micros, Runnable action) {
		if (micros < Long.MAX_VALUE) {
			this.events.add(new Event(Math.max(micros, this.now), this.number++, action));
		}
	}

	void in(long micros, Runnable action) {
		at(this.now + micros, action);
	}

	/** Returns whether anything was left to happen by then. */
	boolean next(long end) {
		Event event = this.events.peek();
		if (event == null || event.at > end) {
			this.now = end;
			return false;
		}
		this.events.poll();
		this.now = event.at;
		event.action.run();
		return true;
	}

	private record Event(long at, long number, Runnable action) implements Comparable<Event> {

		@Override
		public int compareTo(Event other) {
			return (this.at != other.at) ? Long.compare(this.at, other.at) : Long.compare(this.number, other.number);
		}

	}

}
