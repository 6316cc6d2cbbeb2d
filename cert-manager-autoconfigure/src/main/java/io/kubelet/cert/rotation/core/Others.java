package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

/**
 * What other replicas have begun, for which this one gives them time.
 *
 * @param grace in which no attempt begins here
 * @param conflicts how many requests in a row could not be stored because another replica
 * was faster
 * @param lost how many requests were lost since the last answer
 */
public record Others(Pause grace, int conflicts, int lost) {

	static final Others NONE = new Others(Pause.NONE, 0, 0);

	/** Enough for the next step of another replica, with a part of the spread. */
	private static final Duration GRACE = Duration.ofSeconds(1);

	private static final Duration SPREAD = Duration.ofSeconds(2);

	/** An API server that is busy delays the creation of an object. */
	private static final Duration CREATED_BY_NOW = Duration.ofSeconds(15);

	private static final Duration LONGEST = Duration.ofMinutes(15);

	private static final Duration LONGEST_WITHOUT_PAIR = Duration.ofMinutes(1);

	/** An attempt begins here. */
	Others over() {
		return with(Pause.NONE);
	}

	/** Another replica has done something, and may be about to do the next. */
	Others givingTime(Instant now, double random) {
		return with(pause(GRACE, now, random));
	}

	/**
	 * Another replica may be about to create an object. The time for it grows, so that
	 * one who stores requests without objects again and again causes no storm, up to a
	 * minute if there is no valid pair by then.
	 */
	Others creating(Current current, Instant now, double random) {
		Duration time = CREATED_BY_NOW.multipliedBy(1L << Math.min(this.lost, 10));
		Duration longest = current.isValid(now.plus(time)) ? LONGEST : LONGEST_WITHOUT_PAIR;
		return with(pause(Collections.min(List.of(longest, time)), now, random));
	}

	private static Pause pause(Duration time, Instant now, double random) {
		return Pause.of(now, time.plusMillis((long) (SPREAD.toMillis() * random)));
	}

	/** No attempt begins in this time. */
	Others with(Pause grace) {
		return new Others(grace, this.conflicts, this.lost);
	}

	Others withConflicts(int conflicts) {
		return new Others(this.grace, conflicts, this.lost);
	}

	Others withLost(int lost) {
		return new Others(this.grace, this.conflicts, lost);
	}

}
