package io.kubelet.cert.fleet;

import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * How long an API server asks those to wait whose calls it rejects, by the rule of
 * kube-apiserver for a priority level (its {@code droppedRequestsTracker}).
 */
final class Rejections {

	private static final int LONGEST = 32;

	/** How many calls were rejected in each second. */
	private final NavigableMap<Long, Integer> seconds = new TreeMap<>();

	private int retryAfter = 1;

	/** When it was doubled. */
	private long doubled = -LONGEST;

	/**
	 * A call is rejected. With the first one in a second, the wait is doubled if three
	 * calls a second were rejected in as many seconds as it has, and so many seconds have
	 * passed since it was doubled. It is a second shorter if less than one a second was.
	 * @param second when, in seconds
	 * @return how many seconds to wait
	 */
	int rejected(long second) {
		if (!this.seconds.containsKey(second)) {
			this.seconds.headMap(second - LONGEST).clear();
			int rejected = this.seconds.tailMap(second - this.retryAfter)
				.values()
				.stream()
				.mapToInt((calls) -> calls)
				.sum();
			if (rejected >= 3 * this.retryAfter && second - this.doubled >= this.retryAfter) {
				this.retryAfter = Math.min(LONGEST, 2 * this.retryAfter);
				this.doubled = second;
			}
			else if (rejected < this.retryAfter && this.retryAfter > 1) {
				this.retryAfter--;
			}
		}
		this.seconds.merge(second, 1, Integer::sum);
		return this.retryAfter;
	}

}
