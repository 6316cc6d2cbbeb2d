package io.kubelet.cert.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.rotation.CertificateStatus;
import org.jspecify.annotations.Nullable;

/**
 * How a rotation ended.
 *
 * @param at when
 * @param outcome {@code ROTATED}, {@code ADOPTED} for a pair that another program stored,
 * or {@code FAILED}
 * @param trigger why it was due, {@code null} for a pair of another program
 * @param serialNumber the serial number of the certificate, {@code null} after a failure
 * @param requestName the name of the request, {@code null} if there was none
 * @param duration how long it took, as ISO 8601 text, since this process sent or joined
 * the request; {@code null} if it did neither
 * @param additionalNames names that were not requested, {@code null} for none
 * @param reason why it failed, in one word
 * @param message why it failed, for people
 */
record Outcome(Instant at, Result outcome, CertificateStatus.@Nullable Trigger trigger, @Nullable String serialNumber,
		@Nullable String requestName, @Nullable String duration, @Nullable List<String> additionalNames,
		@Nullable String reason, @Nullable String message) {

	static Outcome of(CertificateStatus.Outcome outcome) {
		CertificateStatus.Failure failure = outcome.failure();
		Duration duration = outcome.duration();
		return new Outcome(outcome.at(),
				(failure != null) ? Result.FAILED : (duration != null) ? Result.ROTATED : Result.ADOPTED,
				outcome.trigger(), outcome.serialNumber(), outcome.requestName(),
				(duration != null && !duration.isZero()) ? duration.toString() : null,
				outcome.additionalNames().isEmpty() ? null : outcome.additionalNames(),
				(failure != null) ? failure.reason() : null, (failure != null) ? failure.message() : null);
	}

	/**
	 * What a rotation led to.
	 */
	enum Result {

		/** A certificate was obtained. */
		ROTATED,

		/** A pair that another program stored has become current. */
		ADOPTED,

		/** The attempt failed; there will be another one. */
		FAILED

	}

}
