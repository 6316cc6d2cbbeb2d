package io.kubelet.cert.rotation;

import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;

/**
 * A failed attempt to rotate.
 *
 * @param at when it failed
 * @param reason why, in one word
 * @param message why, for people; it holds no key and no token
 * @param attempt how many attempts have failed in a row, from 1
 * @param nextAttempt when the next one begins
 * @param cause the exception
 */
public record RotationFailure(Instant at, String reason, String message, int attempt, Instant nextAttempt,
		Throwable cause) {

	/**
	 * Whether someone has to do something, because the next attempt is unlikely to
	 * succeed without a change: credentials, permissions, the request or the
	 * configuration are wrong, or the request was denied.
	 * @return {@code false} if the server could not be reached or did not answer in time,
	 * or the request was lost
	 */
	public boolean needsAttention() {
		Recovery recovery = kind().recovery();
		return recovery == Recovery.RETRY_SLOWLY || recovery == Recovery.FIX_CAUSE;
	}

	/**
	 * Returns the kind of the failure. Unlike the reason, which the API server or the
	 * approver may choose, it is one of a few words, which suits the tag of a metric.
	 * @return the kind
	 */
	public Kind kind() {
		return Kind.of(this.cause);
	}

}
