package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.internal.DueAtOnce;
import io.kubelet.cert.rotation.internal.Pause;
import io.kubelet.cert.rotation.internal.Repetitions;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Counts, logs and publishes the attempts that failed in a row, and decides when the next
 * one may begin.
 */
final class Failures {

	private static final Logger logger = LoggerFactory.getLogger(Failures.class);

	/** No wait for a first certificate makes pauses shorter than this. */
	private static final Duration SHORTEST = Duration.ofSeconds(1);

	private static final Pattern TIMES = Pattern.compile("(?: \\d+\\w+)+");

	private final RotationSettings settings;

	private final Repetitions repetitions = new Repetitions();

	private final Consumer<CertificateStatus.Failure> failed;

	private int count;

	private int answers;

	private boolean lastIsAnswer;

	/** What the last failure said beyond its first line. */
	private String advice = "";

	private Pause pause = Pause.NONE;

	private Pause demanded = Pause.NONE;

	/** The last template that was requested. */
	private @Nullable CertificateTemplate requested;

	/** In which no other template is requested. */
	private Pause settling = Pause.NONE;

	/** Whether the application has had no certificate yet, and does not start without. */
	private boolean required;

	/** When the application gives up, once it waits. */
	private Instant end = Instant.MAX;

	/**
	 * @param failed called with each failure
	 */
	Failures(RotationSettings settings, Consumer<CertificateStatus.Failure> failed) {
		this.settings = settings;
		this.failed = failed;
		this.required = settings.schedule().required();
	}

	/**
	 * Denials and the like are counted apart: glitches before one do not prolong its
	 * wait.
	 * @param pair the last pair, {@code null} if there is none yet
	 */
	CertificateStatus.Failure add(Throwable problem, @Nullable CertificatePair pair, Instant now) {
		// A store may be behind the same API server
		Throwable cause = (problem instanceof StoreException && problem.getCause() instanceof RequestException request)
				? request : problem;
		this.count++;
		this.lastIsAnswer = Kind.of(cause).recovery() == Recovery.RETRY_SLOWLY;
		if (this.lastIsAnswer) {
			this.answers++;
		}
		Duration delay = this.settings.schedule()
			.retry()
			.delay(cause, this.lastIsAnswer ? this.answers : this.count,
					this.settings.resources().random().getAsDouble());
		boolean demanded = cause instanceof RequestException request && request.retryAfter() != null;
		this.pause = Pause.of(now, this.settings.schedule().retry().limit(delay, demanded, left(pair, now)));
		this.demanded = demanded ? this.pause : Pause.NONE;
		shortenPause(now);
		CertificateStatus.Failure failure = describe(problem, now);
		String outcome = outcome(failure);
		String effect = effect(pair, now);
		log(failure, outcome, effect, isWorthALine(failure, outcome + effect));
		this.failed.accept(failure);
		return failure;
	}

	private static @Nullable Duration left(@Nullable CertificatePair pair, Instant now) {
		return (pair != null && (pair.isValid(now) || pair.isExpired(now))) ? Duration.between(now, pair.notAfter())
				: null;
	}

	/** Notes that the application waits for its first certificate. */
	void awaitedUntil(Instant now, Instant end) {
		this.end = end;
		shortenPause(now);
	}

	/** The first valid pair ends the wait of the application. */
	void found(@Nullable CertificatePair pair, Instant now) {
		this.required &= pair == null || !pair.isValid(now);
	}

	/**
	 * A pause as long as the rest of the wait would leave no time for another attempt.
	 */
	private void shortenPause(Instant now) {
		if (this.required && this.end != Instant.MAX && this.demanded == Pause.NONE) {
			Duration longest = Duration.between(now, this.end).dividedBy(2);
			if (longest.compareTo(SHORTEST) >= 0 && this.pause.end().isAfter(now.plus(longest))) {
				this.pause = Pause.of(now, longest);
			}
		}
	}

	/**
	 * What the failure means for the next attempt. One that needs attention ends the
	 * start.
	 */
	private String outcome(CertificateStatus.Failure failure) {
		if (this.required && failure.needsAttention()) {
			return this.lastIsAnswer ? "failed, and the same request would fail again" : "failed";
		}
		if (this.required && !failure.nextAttempt().isBefore(this.end)) {
			return "failed; the application gives up in "
					+ ReadableDuration.of(Duration.between(failure.at(), this.end));
		}
		return (this.lastIsAnswer ? "failed, and the same request would fail again; next attempt in "
				: "failed; retrying in ") + ReadableDuration.of(Duration.between(failure.at(), failure.nextAttempt()));
	}

	private CertificateStatus.Failure describe(Throwable cause, Instant now) {
		String reason = (cause instanceof RequestException request) ? request.reason()
				: cause.getClass().getSimpleName().replace("Exception", "");
		// The message of an error alone, such as the name of a class, says nothing
		String message = (cause.getMessage() == null || cause instanceof Error) ? cause.toString() : cause.getMessage();
		return new CertificateStatus.Failure(now, reason,
				(cause instanceof CertificateManagerException known) ? known.report() : ExternalText.clean(message),
				this.count, this.pause.end(), cause);
	}

	/** While everything fails, an attempt is made every half a minute. */
	private boolean isWorthALine(CertificateStatus.Failure failure, String meaning) {
		String text = TIMES.matcher(meaning).replaceAll("") + failure.message();
		return this.repetitions.isWorthALine(text, this.count, failure.at()) || this.lastIsAnswer
				|| failure.cause() instanceof Error;
	}

	private void log(CertificateStatus.Failure failure, String outcome, String effect, boolean isWorthALine) {
		boolean error = failure.cause() instanceof Error;
		if (!isWorthALine) {
			RotationLog.about(this.settings, logger.atDebug())
				.log("[{}] Attempt {} {} ({}), as before", failure.attempt(), outcome, effect);
			return;
		}
		LoggingEventBuilder entry = RotationLog
			.about(this.settings, (this.lastIsAnswer || error) ? logger.atError() : logger.atWarn())
			.addKeyValue("kubelet.cert.reason", failure.reason())
			.addKeyValue("kubelet.cert.attempt", failure.attempt())
			.addKeyValue("kubelet.cert.next_attempt", failure.nextAttempt());
		(error ? entry.setCause(failure.cause()) : entry).log("[{}] Attempt {} {} ({}): {}", failure.attempt(), outcome,
				this.lastIsAnswer ? whichSigner() + effect : effect, newsIn(failure) + howToRepeat());
	}

	/** Advice is logged once, and not if the report of the start contains it. */
	private String newsIn(CertificateStatus.Failure failure) {
		String advice = failure.message().substring(failure.summary().length());
		boolean known = advice.equals(this.advice) || (this.required && failure.needsAttention());
		this.advice = advice;
		return known ? failure.summary() : failure.message();
	}

	/** Whoever corrects the cause need not wait. */
	private String howToRepeat() {
		return (this.lastIsAnswer && this.answers == 1 && !this.required)
				? ". Once this is corrected, POST /actuator/certificates/%s rotates at once, if 'management.endpoint.certificates.access' is 'unrestricted'"
					.formatted(this.settings.name())
				: "";
	}

	/** An answer may be that of a signer that nobody meant. */
	private String whichSigner() {
		boolean issuer = IssuerReference.parse(this.settings.request().signerName()).isPresent();
		return (this.settings.request().signerOrigin() != null)
				? (issuer ? "the issuer is from " : "the signer is from ") + this.settings.request().signerOrigin()
						+ "; "
				: "";
	}

	/** What the failure means for the application at this moment. */
	private static String effect(@Nullable CertificatePair pair, Instant now) {
		return (pair == null) ? "there is no certificate yet"
				: pair.isExpired(now) ? "the certificate has expired"
						: !pair.isValid(now) ? "the certificate is not valid yet"
								: "the current certificate is valid for another "
										+ ReadableDuration.of(Duration.between(now, pair.notAfter()));
	}

	/**
	 * A pair of another program ends the row, but not the pause: it says nothing of the
	 * signer.
	 */
	void endRow() {
		this.count = 0;
		this.answers = 0;
	}

	/**
	 * A success ends the row. If a rotation is due again, whatever for, it begins no
	 * earlier than after failures.
	 */
	void succeeded(DueAtOnce dueAtOnce, Instant now) {
		endRow();
		this.lastIsAnswer = false;
		this.pause = (dueAtOnce.times() == 0) ? Pause.NONE
				: Pause.of(now, this.settings.schedule().retry().growing(dueAtOnce.times()));
		this.demanded = Pause.NONE;
	}

	/**
	 * Notes that a template is to be requested. A denial of one does not hold for
	 * another. A server that is busy or out of reach is so for any template.
	 */
	void noteWanted(CertificateTemplate template) {
		if (template.equals(this.requested)) {
			return;
		}
		this.answers = 0;
		if (this.lastIsAnswer) {
			this.lastIsAnswer = false;
			this.count = 0;
			this.pause = this.demanded;
		}
	}

	/** Notes that a template is requested. */
	void noteRequested(CertificateTemplate template, Instant now) {
		if (this.requested != null && !this.requested.equals(template)) {
			this.settling = Pause.of(now, this.settings.schedule().retry().interval());
		}
		this.requested = template;
	}

	/** Ends the pause, even one that the API server asked for: an operator knows more. */
	void endPause() {
		this.pause = Pause.NONE;
		this.demanded = Pause.NONE;
		this.settling = Pause.NONE;
	}

	/** In which no attempt begins. A template that never settles makes no storm. */
	Pause pause(CertificateTemplate template) {
		Pause settling = template.equals(this.requested) ? Pause.NONE : this.settling;
		return this.pause.orLonger(settling);
	}

}
