package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.regex.Pattern;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.core.Failures;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.internal.Repetitions;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Logs the failed attempts of a certificate.
 */
final class FailureLog {

	private static final Logger logger = LoggerFactory.getLogger(FailureLog.class);

	private static final Pattern TIMES = Pattern.compile("(?: \\d+\\w+)+");

	private final RotationSettings settings;

	private final Repetitions repetitions = new Repetitions();

	FailureLog(RotationSettings settings) {
		this.settings = settings;
	}

	/** While everything fails, an attempt is made every half a minute. */
	void failed(State before, Failure failure, State after) {
		boolean answer = Failures.isAnswer(failure.cause());
		boolean error = failure.cause() instanceof Error;
		String outcome = outcome(failure, after);
		String effect = effect(after.pair(), failure.at());
		String text = TIMES.matcher(outcome + effect).replaceAll("") + failure.message();
		if (!this.repetitions.isWorthALine(text, failure.attempt(), failure.at()) && !answer && !error) {
			RotationLog.about(this.settings, logger.atDebug())
				.log("[{}] Attempt {} {} ({}), as before", failure.attempt(), outcome, effect);
			return;
		}
		LoggingEventBuilder entry = RotationLog
			.about(this.settings, (answer || error) ? logger.atError() : logger.atWarn())
			.addKeyValue("kubelet.cert.reason", failure.reason())
			.addKeyValue("kubelet.cert.attempt", failure.attempt())
			.addKeyValue("kubelet.cert.next_attempt", failure.nextAttempt());
		(error ? entry.setCause(failure.cause()) : entry).log("[{}] Attempt {} {} ({}): {}", failure.attempt(), outcome,
				answer ? whichSigner(this.settings) + effect : effect,
				newsIn(failure, before, after) + howToRepeat(failure, after));
	}

	/**
	 * What the failure means for the next attempt. One that needs attention ends the
	 * start.
	 */
	private static String outcome(Failure failure, State state) {
		boolean answer = Failures.isAnswer(failure.cause());
		boolean required = state.failures().required();
		if (required && failure.needsAttention()) {
			return answer ? "failed, and the same request would fail again" : "failed";
		}
		if (required && !failure.nextAttempt().isBefore(state.failures().end())) {
			return "failed; the application gives up in "
					+ ReadableDuration.of(Duration.between(failure.at(), state.failures().end()));
		}
		return (answer ? "failed, and the same request would fail again; next attempt in " : "failed; retrying in ")
				+ ReadableDuration.of(Duration.between(failure.at(), failure.nextAttempt()));
	}

	/** Advice is logged once, and not if the report of the start contains it. */
	private static String newsIn(Failure failure, State before, State after) {
		boolean known = after.past().advice().equals(before.past().advice())
				|| (after.failures().required() && failure.needsAttention());
		return known ? failure.summary() : failure.message();
	}

	/** Whoever corrects the cause need not wait. */
	private String howToRepeat(Failure failure, State state) {
		return (Failures.isAnswer(failure.cause()) && state.failures().answers() == 1 && !state.failures().required())
				? ". Once this is corrected, POST /actuator/certificates/%s rotates at once, if 'management.endpoint.certificates.access' is 'unrestricted'"
					.formatted(this.settings.name())
				: "";
	}

	/** An answer may be that of a signer that nobody meant. */
	private static String whichSigner(RotationSettings settings) {
		boolean issuer = settings.request().signer() instanceof Signer.Issuer;
		return (settings.request().signerOrigin() != null)
				? (issuer ? "the issuer is from " : "the signer is from ") + settings.request().signerOrigin() + "; "
				: "";
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
