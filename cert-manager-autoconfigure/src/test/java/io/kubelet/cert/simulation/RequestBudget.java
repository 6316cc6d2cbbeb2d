package io.kubelet.cert.simulation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.request.RequestException;
import org.jspecify.annotations.Nullable;

/**
 * From when on a certificate's next request is allowed after a failure: the shortest
 * wait, whatever the jitter. By the machine's clock.
 */
final class RequestBudget {

	private static final int GROWING_WAITS = 5;

	private static final Duration LONGEST_ANSWER_WAIT = Duration.ofHours(1);

	private final Duration interval;

	private Instant allowedFrom = Instant.MIN;

	private int failures;

	private int answers;

	private boolean lastIsAnswer;

	private int unavailable;

	private Instant unavailableSince = Instant.MAX;

	RequestBudget(Duration interval) {
		this.interval = interval;
	}

	void failed(Throwable cause, Instant now) {
		if (Kind.of(cause) == Kind.LOST) {
			return;
		}
		this.failures++;
		this.lastIsAnswer = false;
		if (Kind.of(cause) == Kind.UNAVAILABLE && cause instanceof RequestException unavailable) {
			unavailable(unavailable.retryAfter(), now);
		}
		else if (isAgainst(cause)) {
			answeredAgainst(now);
		}
		else {
			this.allowedFrom = now.plus(glitch());
		}
	}

	/** Whether it is an answer that would be the same again. */
	static boolean isAgainst(Throwable cause) {
		return List.of(Kind.DENIED, Kind.FAILED, Kind.REJECTED).contains(Kind.of(cause));
	}

	private void unavailable(@Nullable Duration retryAfter, Instant now) {
		if (retryAfter != null) {
			this.allowedFrom = now.plus(retryAfter);
		}
		else {
			this.unavailableSince = (this.unavailable++ == 0) ? now : this.unavailableSince;
		}
	}

	/** Denied, failed, or issued something that is of no use. */
	void answeredAgainst(Instant now) {
		this.lastIsAnswer = true;
		Duration wait = Duration.ofMinutes(1).multipliedBy(1L << Math.min(this.answers++, 6));
		this.allowedFrom = now.plus((wait.compareTo(LONGEST_ANSWER_WAIT) < 0) ? wait : LONGEST_ANSWER_WAIT);
	}

	void failedOnDisk(Instant now) {
		this.failures++;
		this.lastIsAnswer = false;
		this.allowedFrom = now.plus(glitch());
	}

	/** What was said of a template does not hold for another; all else does. */
	void templateChanged() {
		this.answers = 0;
		if (this.lastIsAnswer) {
			reset();
		}
	}

	/** After a success all is well again. */
	void reset() {
		this.failures = 0;
		this.answers = 0;
		endPause();
	}

	void endPause() {
		this.allowedFrom = Instant.MIN;
		this.unavailable = 0;
	}

	/** Whether a request may be made now. */
	boolean allows(Instant now) {
		return !now.isBefore(this.allowedFrom) && allowsOnAverage(now);
	}

	/** Full jitter allows any single wait, but not many short ones. */
	private boolean allowsOnAverage(Instant now) {
		Duration least = this.interval.multipliedBy(Math.max(0, this.unavailable - 20)).multipliedBy(3).dividedBy(4);
		return least.isZero() || !now.isBefore(this.unavailableSince.plus(least));
	}

	private Duration glitch() {
		return (this.failures < GROWING_WAITS) ? Duration.ofSeconds(1L << this.failures) : this.interval;
	}

	@Override
	public String toString() {
		return "%d failures, %d answers, not before %s".formatted(this.failures, this.answers, this.allowedFrom);
	}

}
