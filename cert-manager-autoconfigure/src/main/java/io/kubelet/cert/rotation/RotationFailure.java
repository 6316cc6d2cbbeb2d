package io.kubelet.cert.rotation;

import java.time.Instant;

import io.kubelet.cert.request.CertificateRefusedException;
import io.kubelet.cert.request.Recovery;
import io.kubelet.cert.request.RequestDeniedException;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestFailedException;
import io.kubelet.cert.request.RequestGoneException;
import io.kubelet.cert.request.RequestNameTakenException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.RequestTimedOutException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubelet.cert.store.StoreException;

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

	static RotationFailure of(Throwable cause, int attempt, Instant at, Instant nextAttempt) {
		String reason = (cause instanceof RequestException request) ? request.reason()
				: cause.getClass().getSimpleName().replace("Exception", "");
		// The message of an error alone, such as the name of a class, says nothing
		String message = (cause.getMessage() == null || cause instanceof Error) ? cause.toString() : cause.getMessage();
		return new RotationFailure(at, reason, message, attempt, nextAttempt, cause);
	}

	/**
	 * Whether someone has to do something, because the next attempt will hardly fare
	 * better by itself: credentials, permissions, the request or the configuration are
	 * wrong, or the request was denied.
	 * @return {@code false} if the server could not be reached or did not answer in time,
	 * or the request was lost
	 */
	public boolean needsAttention() {
		return !(this.cause instanceof RequestException failed
				&& (failed.recovery() == Recovery.RETRY_SOON || failed.recovery() == Recovery.START_OVER));
	}

	/**
	 * Returns the kind of the failure. Unlike the reason, which the API server or the
	 * approver may choose, it is one of a few words, which suits the tag of a metric.
	 * @return the kind
	 */
	public Kind kind() {
		if (this.cause instanceof RequestRejectedException rejected) {
			return rejected.isAboutCredentials() ? Kind.UNAUTHORIZED : Kind.REJECTED;
		}
		if (this.cause instanceof RequestGoneException || this.cause instanceof RequestNameTakenException) {
			return Kind.LOST;
		}
		return (this.cause instanceof RequestDeniedException) ? Kind.DENIED
				: (this.cause instanceof RequestFailedException) ? Kind.FAILED
						: (this.cause instanceof CertificateRefusedException) ? Kind.REFUSED
								: (this.cause instanceof SignerUnavailableException) ? Kind.UNAVAILABLE
										: (this.cause instanceof RequestTimedOutException) ? Kind.TIMED_OUT
												: (this.cause instanceof StoreException) ? Kind.STORE : Kind.OTHER;
	}

	/**
	 * The kinds of failures.
	 */
	public enum Kind {

		/** An approver denied the request. */
		DENIED,

		/** The signer refused to sign the request. */
		FAILED,

		/** The issued certificate is not what was requested, or its chain is not trusted. */
		REFUSED,

		/** The credentials are not known or lack a permission. */
		UNAUTHORIZED,

		/** The API server does not accept the request. */
		REJECTED,

		/** The API server cannot be reached, or does not answer as one. */
		UNAVAILABLE,

		/** The request was neither approved nor denied in time. */
		TIMED_OUT,

		/** The request was deleted, or another one has its name. */
		LOST,

		/** The pair or the request could not be stored. */
		STORE,

		/** Anything else. */
		OTHER

	}

}
