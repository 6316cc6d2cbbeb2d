package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The backoff of a watch before it is opened again: up to a second at first, up to half a
 * minute after several attempts without an event. If the server asks for a longer pause,
 * it is made, up to an hour. Used by one thread, except where stated.
 */
final class Backoff {

	private static final long SHORTEST_MILLIS = 1000;

	static final long LONGEST_MILLIS = 30_000;

	private static final long SHORTEST_IF_AWAITED = 250;

	/** A proxy may ask for a day. */
	private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

	private int attempts;

	private Duration retryAfter = Duration.ZERO;

	/** How much longer an application waits for what is watched, in milliseconds. */
	private volatile long awaited;

	/** The watch is about to be opened. */
	void opening() {
		this.attempts++;
	}

	/** The watch has received an event. */
	void reset() {
		this.attempts = 0;
	}

	/** Returns how many times in a row the watch was opened without an event. */
	int attempts() {
		return this.attempts;
	}

	/**
	 * Sets how long the server asks to wait.
	 * @param retryAfter the time, for the next pause only; {@code null} for none
	 */
	void askedFor(@Nullable Duration retryAfter) {
		this.retryAfter = (retryAfter != null) ? retryAfter : Duration.ZERO;
	}

	/**
	 * States that an application waits for what is watched from now on. No pause is then
	 * longer than half of the time that is left, unless the server asks for one. Can be
	 * called by any thread.
	 * @param timeout after which the application gives up
	 */
	void awaitedFor(Duration timeout) {
		this.awaited = timeout.toMillis();
	}

	/**
	 * Returns how long to wait now.
	 * @param random a random number in [0, 1)
	 */
	Duration next(double random) {
		long left = this.awaited;
		Duration pause = of(this.attempts, (left > 0) ? Math.max(left / 2, SHORTEST_IF_AWAITED) : LONGEST_MILLIS,
				this.retryAfter, random);
		this.awaited = Math.max(left - pause.toMillis(), 0);
		this.retryAfter = Duration.ZERO;
		return pause;
	}

	static Duration of(int attempts, long longest, Duration retryAfter, double random) {
		if (retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0) {
			return LONGEST_RETRY_AFTER;
		}
		int doublings = Math.min(Math.max(attempts - 1, 0), 5);
		long limit = Math.min(longest, SHORTEST_MILLIS << doublings);
		long wait = limit / 2 + (long) (random * limit / 2);
		return Duration.ofMillis(Math.max(wait, retryAfter.toMillis()));
	}

}
