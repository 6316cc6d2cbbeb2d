package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * The attempts that failed in a row, and when the next one may begin. Denials and the
 * like are counted apart: glitches before one do not prolong its wait.
 *
 * @param count how many attempts have failed in a row
 * @param answers how many of them were denials and the like
 * @param lastIsAnswer whether the last one was
 * @param pause in which nothing is requested
 * @param retryAfter the pause that the API server asked for
 * @param requested the last template that was requested, {@code null} if none was
 * @param settling in which no other template is requested, so that one that never settles
 * causes no storm of requests
 * @param required whether the application has had no certificate yet, and does not start
 * without
 * @param end when the application gives up, once it waits
 */
public record Failures(int count, int answers, boolean lastIsAnswer, Pause pause, Pause retryAfter,
		@Nullable CertificateTemplate requested, Pause settling, boolean required, Instant end) {

	/** No wait for a first certificate makes pauses shorter than this. */
	private static final Duration SHORTEST = Duration.ofSeconds(1);

	static Failures none(boolean required) {
		return new Failures(0, 0, false, Pause.NONE, Pause.NONE, null, Pause.NONE, required, Instant.MAX);
	}

	/**
	 * @param attempted whether it is the failure of an attempt of our own, and not of a
	 * request that another replica has stored within a pause, or withdrawn: one that ends
	 * again and again makes nobody wait longer
	 * @param left how long the certificate is still valid, {@code null} if it is not
	 * valid yet or there is none
	 */
	Failures add(Throwable cause, boolean attempted, RetrySchedule retry, @Nullable Duration left, Instant now,
			double random) {
		int count = this.count + 1;
		boolean answer = isAnswer(cause);
		int answers = this.answers + ((answer && attempted) ? 1 : 0);
		boolean asked = cause instanceof RequestException request && request.retryAfter() != null;
		Duration delay = retry.delay(cause, answer ? Math.max(1, answers) : count, random);
		Pause pause = Pause.of(now, retry.limit(delay, asked, left));
		return new Failures(count, answers, answer, pause, asked ? pause : Pause.NONE, this.requested, this.settling,
				this.required, this.end)
			.shortened(now);
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

	/** The application waits for its first certificate. */
	Failures awaitedUntil(Instant end, Instant now) {
		return new Failures(this.count, this.answers, this.lastIsAnswer, this.pause, this.retryAfter, this.requested,
				this.settling, this.required, end)
			.shortened(now);
	}

	/**
	 * A pause as long as the rest of the wait would leave no time for another attempt.
	 */
	private Failures shortened(Instant now) {
		if (!this.required || this.end.equals(Instant.MAX) || this.retryAfter != Pause.NONE) {
			return this;
		}
		Duration longest = Duration.between(now, this.end).dividedBy(2);
		return (longest.compareTo(SHORTEST) < 0 || !this.pause.end().isAfter(now.plus(longest))) ? this
				: new Failures(this.count, this.answers, this.lastIsAnswer, Pause.of(now, longest), this.retryAfter,
						this.requested, this.settling, this.required, this.end);
	}

	/** The first valid pair ends the wait of the application. */
	Failures found() {
		return !this.required ? this : new Failures(this.count, this.answers, this.lastIsAnswer, this.pause,
				this.retryAfter, this.requested, this.settling, false, this.end);
	}

	/**
	 * A pair of another program ends the row, but not the pause: it says nothing of the
	 * signer.
	 */
	Failures endRow() {
		return new Failures(0, 0, this.lastIsAnswer, this.pause, this.retryAfter, this.requested, this.settling,
				this.required, this.end);
	}

	/**
	 * A success ends the row. If a rotation is due again, whatever for, it begins no
	 * earlier than after failures.
	 */
	Failures succeeded(Due.AtOnce dueAtOnce, RetrySchedule retry, Instant now) {
		Pause pause = (dueAtOnce.times() == 0) ? Pause.NONE : Pause.of(now, retry.growing(dueAtOnce.times()));
		return new Failures(0, 0, false, pause, Pause.NONE, this.requested, this.settling, this.required, this.end);
	}

	/**
	 * A template is to be requested. A denial of one does not hold for another. A server
	 * that is busy or out of reach is so for any template.
	 */
	Failures wanting(CertificateTemplate template) {
		return template.equals(this.requested) ? this
				: new Failures(this.lastIsAnswer ? 0 : this.count, 0, false,
						this.lastIsAnswer ? this.retryAfter : this.pause, this.retryAfter, this.requested,
						this.settling, this.required, this.end);
	}

	/** A template is requested. */
	Failures requesting(CertificateTemplate template, Duration interval, Instant now) {
		boolean changed = this.requested != null && !this.requested.equals(template);
		return new Failures(this.count, this.answers, this.lastIsAnswer, this.pause, this.retryAfter, template,
				changed ? Pause.of(now, interval) : this.settling, this.required, this.end);
	}

	/** Ends the pause, even one that the API server asked for: an operator knows more. */
	Failures withoutPause() {
		return new Failures(this.count, this.answers, this.lastIsAnswer, Pause.NONE, Pause.NONE, this.requested,
				Pause.NONE, this.required, this.end);
	}

	/** The pause before an attempt for a template. */
	Pause pause(CertificateTemplate template) {
		return template.equals(this.requested) ? this.pause : this.pause.or(this.settling);
	}

}
