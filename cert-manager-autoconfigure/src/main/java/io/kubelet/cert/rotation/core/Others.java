package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import org.jspecify.annotations.Nullable;

/**
 * What other replicas have begun, for which they are given time.
 *
 * @param grace in which no attempt begins
 * @param conflicts how many requests in a row could not be stored because another replica
 * was faster
 * @param lost how many requests were lost since the last answer
 * @param tolerated the request for another signer that is left alone, {@code null} if
 * there is none
 */
public record Others(Pause grace, int conflicts, int lost, @Nullable Leaving tolerated) {

	static final Others NONE = new Others(Pause.NONE, 0, 0, null);

	private static final Duration SHORT = Duration.ofSeconds(1);

	private static final Duration SPREAD = Duration.ofSeconds(2);

	/** An API server that is busy delays the creation of an object. */
	private static final Duration CREATED_BY_NOW = Duration.ofSeconds(15);

	private static final Duration LONGEST = Duration.ofMinutes(15);

	private static final Duration LONGEST_WITHOUT_PAIR = Duration.ofMinutes(1);

	/** Gives time for what another replica has begun. */
	Others wait(Instant now, double random) {
		return wait(SHORT, now, random);
	}

	/**
	 * Gives time for the creation of an object. It grows, so that one who stores requests
	 * without objects again and again causes no storm, up to a minute if there is no
	 * valid pair by then.
	 */
	Others waitForObject(Current current, Instant now, double random) {
		Duration time = CREATED_BY_NOW.multipliedBy(1L << Math.min(this.lost, 10));
		Duration longest = current.isValid(now.plus(time)) ? LONGEST : LONGEST_WITHOUT_PAIR;
		return wait(Collections.min(List.of(longest, time)), now, random);
	}

	private Others wait(Duration time, Instant now, double random) {
		Duration spread = Duration.ofMillis((long) (SPREAD.toMillis() * random));
		return new Others(Pause.of(now, time.plus(spread)), this.conflicts, this.lost, this.tolerated);
	}

	/** An attempt begins. */
	Others withoutGrace() {
		return new Others(Pause.NONE, this.conflicts, this.lost, this.tolerated);
	}

	/** The request of an attempt is stored. */
	Others stored() {
		return new Others(Pause.NONE, 0, this.lost, this.tolerated);
	}

	/** Another replica was faster, or how often that was does not count any more. */
	Others conflicts(int conflicts) {
		return new Others(this.grace, conflicts, this.lost, this.tolerated);
	}

	/** The object of a request does not exist. */
	Others withLost() {
		return new Others(this.grace, this.conflicts, this.lost + 1, this.tolerated);
	}

	/** A request was answered. */
	Others answered() {
		return new Others(this.grace, this.conflicts, 0, this.tolerated);
	}

	/** Leaves a request for another signer alone. */
	Others tolerating(PendingRequest request, Pause pause) {
		return new Others(pause, this.conflicts, this.lost, new Leaving(request, false, pause));
	}

	/** Has removed that request, which is repeated after a while if it fails. */
	Others evicting(PendingRequest request, Instant now) {
		return new Others(this.grace, this.conflicts, this.lost, new Leaving(request, false, Pause.NONE).failed(now));
	}

}
