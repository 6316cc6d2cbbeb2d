package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.core.Failures;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.internal.Repetitions;
import org.jspecify.annotations.Nullable;
import org.slf4j.event.Level;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs the failed attempts of a certificate.
 */
final class FailureLog {

	private static final Pattern TIMES = Pattern.compile("(?: \\d+\\w+)+");

	private final RotationSettings settings;

	private final Repetitions repetitions = new Repetitions();

	/** How many attempts have failed since the first failure. */
	private int failures;

	/** What the last failure said beyond its first line. */
	private String advice = "";

	FailureLog(RotationSettings settings) {
		this.settings = settings;
	}

	/** While everything fails, an attempt is made every half a minute. */
	void failed(Failure failure, State state) {
		this.failures++;
		String news = newsIn(failure, state);
		boolean answer = Failures.isAnswer(failure.cause());
		boolean error = failure.cause() instanceof Error;
		String outcome = outcome(failure, answer, state);
		String effect = effect(state.pair(), failure.at());
		String text = TIMES.matcher(outcome + effect).replaceAll("") + failure.message();
		if (!this.repetitions.isToBeLogged(text, failure.attempt(), failure.at()) && !answer && !error) {
			RotationLog.about(this.settings, Level.DEBUG)
				.log("[{}] Attempt {} {} ({}), as before", failure.attempt(), outcome, effect);
			return;
		}
		LoggingEventBuilder entry = RotationLog.about(this.settings, (answer || error) ? Level.ERROR : Level.WARN)
			.addKeyValue("kubelet.cert.reason", failure.reason())
			.addKeyValue("kubelet.cert.attempt", failure.attempt())
			.addKeyValue("kubelet.cert.next_attempt", failure.nextAttempt());
		(error ? entry.setCause(failure.cause()) : entry).log("[{}] Attempt {} {} ({}): {}", failure.attempt(), outcome,
				(answer && failure.cause() instanceof RequestException) ? whichSigner() + effect : effect,
				news + howToRepeat(answer, state));
	}

	/** The failures since an instant are over. */
	void over(Instant since) {
		RotationLog.about(this.settings, Level.INFO)
			.log("[{}] The failures since {} are over (failed attempts: {})", since.truncatedTo(ChronoUnit.SECONDS),
					this.failures);
		this.failures = 0;
	}

	/**
	 * What the failure means for the next attempt. One that needs attention ends the
	 * start.
	 */
	private static String outcome(Failure failure, boolean answer, State state) {
		if (state.required() && failure.needsAttention()) {
			return answer ? "failed, and the same request would fail again" : "failed";
		}
		if (state.required() && !failure.nextAttempt().isBefore(state.awaitedUntil())) {
			return "failed; the application gives up in "
					+ ReadableDuration.of(Duration.between(failure.at(), state.awaitedUntil()));
		}
		return (answer ? "failed, and the same request would fail again; next attempt in " : "failed; retrying in ")
				+ ReadableDuration.of(Duration.between(failure.at(), failure.nextAttempt()));
	}

	/** Advice is logged once, and not if the report of the start contains it. */
	private String newsIn(Failure failure, State state) {
		String advice = failure.message().substring(failure.summary().length());
		boolean known = advice.equals(this.advice) || (state.required() && failure.needsAttention());
		this.advice = advice;
		return known ? failure.summary() : failure.message();
	}

	/** Whoever corrects the cause need not wait. */
	private String howToRepeat(boolean answer, State state) {
		return (answer && state.failures().answers() == 1 && !state.required())
				? ". Once this is corrected, POST /actuator/certificates/%s rotates at once, if 'management.endpoint.certificates.access' is 'unrestricted'"
					.formatted(this.settings.name())
				: "";
	}

	/** An answer may be that of another signer than was meant. */
	private String whichSigner() {
		String origin = this.settings.request().signerOrigin();
		boolean issuer = this.settings.request().signer() instanceof Signer.Issuer;
		return (origin == null) ? "" : (issuer ? "the issuer is from " : "the signer is from ") + origin + "; ";
	}

	/** What the failure means for the application at this time. */
	private static String effect(@Nullable CertificatePair pair, Instant now) {
		return (pair == null) ? "there is no certificate yet"
				: pair.isExpired(now) ? "the certificate has expired"
						: !pair.isValid(now) ? "the certificate is not valid yet"
								: "the current certificate is valid for another "
										+ ReadableDuration.of(Duration.between(now, pair.notAfter()));
	}

}
