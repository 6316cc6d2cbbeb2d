package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.certificate.CertificateTemplate;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Counts and logs the attempts that failed in a row, and says when the next one may
 * begin.
 */
final class Failures {

	private static final Logger logger = LoggerFactory.getLogger(Failures.class);

	private final String name;

	private final RetrySchedule schedule;

	private final DoubleSupplier random;

	private int count;

	private int answers;

	private @Nullable RotationFailure last;

	/** The template that the last answer was about. */
	private @Nullable CertificateTemplate answered;

	private Pause pause = Pause.NONE;

	Failures(RotationSettings settings, DoubleSupplier random) {
		this.name = settings.name();
		this.schedule = settings.retry();
		this.random = random;
	}

	/** A denial or the like counts with its kind: glitches before it do not slow it. */
	RotationFailure add(Throwable cause, @Nullable CertificateTemplate template, Instant now) {
		this.count++;
		boolean answer = RetrySchedule.isAnswer(cause);
		if (answer) {
			this.answers++;
			this.answered = template;
		}
		Duration delay = this.schedule.delay(cause, answer ? this.answers : this.count, this.random.getAsDouble());
		this.pause = Pause.of(now, delay);
		RotationFailure failure = RotationFailure.of(cause, this.count, now, this.pause.end());
		log(failure, delay.toSeconds());
		this.last = failure;
		return failure;
	}

	private void log(RotationFailure failure, long delay) {
		if (RetrySchedule.isAnswer(failure.cause())) {
			logger.error("[{}] Attempt {} is given up, the next one is made in {} s: {}", this.name, failure.attempt(),
					delay, failure.message());
		}
		else if (failure.cause() instanceof Error error) {
			logger.error("[{}] Attempt {} failed, the next one is made in {} s: {}", this.name, failure.attempt(),
					delay, failure.message(), error);
		}
		else {
			logger.warn("[{}] Attempt {} failed, the next one is made in {} s: {}", this.name, failure.attempt(), delay,
					failure.message());
		}
	}

	/** A success ends the row; the next attempt may begin after a while. */
	void succeeded(Pause pause) {
		this.count = 0;
		this.answers = 0;
		this.last = null;
		this.answered = null;
		this.pause = pause;
	}

	/**
	 * What was said of one template does not hold for another (contract row B3). A server
	 * that is busy or out of reach is so for any template (B4).
	 */
	void templateIs(CertificateTemplate template) {
		if (this.answered == null || this.answered.equals(template)) {
			return;
		}
		this.answered = null;
		this.answers = 0;
		if (this.last != null && RetrySchedule.isAnswer(this.last.cause())) {
			this.count = 0;
			endPause();
		}
	}

	void endPause() {
		this.pause = Pause.NONE;
	}

	Pause pause() {
		return this.pause;
	}

	@Nullable RotationFailure last() {
		return this.last;
	}

}
