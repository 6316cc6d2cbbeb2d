package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * The attempts that failed in a row, and the pause after them. Denials and the like are
 * counted apart: glitches before one do not prolong its wait.
 *
 * @param count how many attempts have failed in a row
 * @param answers how many of them were denials and the like
 * @param pause in which nothing is requested
 * @param reason why it is as long as it is
 */
public record Failures(int count, int answers, Pause pause, Reason reason) {

	static final Failures NONE = new Failures(0, 0, Pause.NONE, Reason.OTHER);

	/** No wait for a first certificate makes pauses shorter than this. */
	private static final Duration SHORTEST = Duration.ofSeconds(1);

	/**
	 * @param attempted whether it is the failure of an attempt of our own, and not of a
	 * request that another replica has stored within a pause, or withdrawn: one that ends
	 * again and again makes no wait longer
	 * @param left how long the certificate is still valid, {@code null} if it is not
	 * valid yet or there is none
	 */
	Failures add(Throwable cause, boolean attempted, RetrySchedule retry, @Nullable Duration left, Instant now,
			double random) {
		boolean answer = isAnswer(cause);
		int answers = this.answers + ((answer && attempted) ? 1 : 0);
		boolean asked = cause instanceof RequestException request && request.retryAfter() != null;
		Duration delay = retry.delay(cause, answer ? Math.max(1, answers) : this.count + 1, left, random);
		return new Failures(this.count + 1, answers, Pause.of(now, retry.limit(delay, left)),
				answer ? Reason.ANSWER : asked ? Reason.RETRY_AFTER : Reason.OTHER);
	}

	/**
	 * Returns whether a failure is a denial or the like.
	 * @param problem what went wrong
	 * @return {@code true} if the same request would fail again
	 */
	public static boolean isAnswer(Throwable problem) {
		return Kind.of(answerBehind(problem)).recovery() == Recovery.RETRY_SLOWLY;
	}

	/** A store may be behind the same API server. */
	static Throwable answerBehind(Throwable problem) {
		return (problem instanceof CertificateManagerException && problem.getCause() instanceof RequestException answer)
				? answer : problem;
	}

	/** Describes the last failure. */
	Failure describe(Throwable cause, Instant now) {
		String reason = (cause instanceof RequestException request) ? request.reason()
				: cause.getClass().getSimpleName().replace("Exception", "");
		// The message of an error alone, such as the name of a class, says nothing
		String message = (cause.getMessage() == null || cause instanceof Error) ? cause.toString() : cause.getMessage();
		return new Failure(now, reason,
				(cause instanceof CertificateManagerException known) ? known.report() : ExternalText.clean(message),
				this.count, this.pause.end(), cause);
	}

	/**
	 * A pause as long as the rest of a wait for a first certificate would leave no time
	 * for another attempt.
	 * @param end when that wait ends
	 */
	Failures shortened(Instant end, Instant now) {
		if (end.equals(Instant.MAX) || this.reason == Reason.RETRY_AFTER) {
			return this;
		}
		Duration longest = Duration.between(now, end).dividedBy(2);
		return (longest.compareTo(SHORTEST) < 0 || !this.pause.end().isAfter(now.plus(longest))) ? this
				: withPause(Pause.of(now, longest));
	}

	Failures withPause(Pause pause) {
		return new Failures(this.count, this.answers, pause, this.reason);
	}

	/** The row ends, but not the pause. */
	Failures endRow() {
		return new Failures(0, 0, this.pause, this.reason);
	}

	/**
	 * Another template is to be requested. A denial of one does not hold for another. A
	 * server that is busy or out of reach is so for any template.
	 */
	Failures forOtherTemplate() {
		return (this.reason == Reason.ANSWER) ? NONE : new Failures(this.count, 0, this.pause, this.reason);
	}

	/** Why a pause is as long as it is. */
	public enum Reason {

		/** The same request would fail again. */
		ANSWER,

		/** The API server asks for it. */
		RETRY_AFTER,

		/** Another attempt may succeed soon. */
		OTHER

	}

}
