package io.kubelet.cert.certificate;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that this library throws deliberately.
 */
public abstract class CertificateManagerException extends RuntimeException {

	private final Kind kind;

	private final String advice;

	protected CertificateManagerException(String message, @Nullable Throwable cause) {
		this(Kind.OTHER, message, cause);
	}

	protected CertificateManagerException(Kind kind, String message, @Nullable Throwable cause) {
		super(message.lines().findFirst().orElse(""), cause);
		this.kind = kind;
		this.advice = message.substring(String.valueOf(getMessage()).length());
	}

	/**
	 * Returns the message with the advice in further lines, such as the RBAC rule that is
	 * missing. The message alone is its first line, because frameworks log it again.
	 * @return the text for the person who has to act
	 */
	public String report() {
		return getMessage() + advice();
	}

	private String advice() {
		return ((getCause() instanceof CertificateManagerException cause) ? cause.advice() : "") + this.advice;
	}

	/**
	 * Returns what kind of failure this is.
	 * @return the kind
	 */
	public Kind kind() {
		return this.kind;
	}

	/**
	 * The kinds of failures of a rotation.
	 */
	public enum Kind {

		/** An approver denied the request. */
		DENIED(Recovery.RETRY_SLOWLY),

		/** The signer did not sign the request. */
		FAILED(Recovery.RETRY_SLOWLY),

		/**
		 * The issued certificate is not what was requested, or its chain is not trusted.
		 */
		REFUSED(Recovery.RETRY_SLOWLY),

		/** The API server does not know the credentials. */
		UNAUTHORIZED(Recovery.FIX_CAUSE),

		/** A permission is missing, or admission control forbids the request. */
		FORBIDDEN(Recovery.FIX_CAUSE),

		/** The API server does not accept the request. */
		REJECTED(Recovery.RETRY_SLOWLY),

		/** The certificate of the API server is not trusted. */
		UNTRUSTED(Recovery.FIX_CAUSE),

		/**
		 * The API server cannot be reached, is busy, or does not answer as one; or a
		 * credential plug-in fails.
		 */
		UNAVAILABLE(Recovery.RETRY_SOON),

		/** A quota of the namespace is exceeded, which ends with other requests. */
		OVER_QUOTA(Recovery.RETRY_SOON),

		/**
		 * The request was neither approved nor denied in time, or not before the
		 * credentials expired.
		 */
		TIMED_OUT(Recovery.RETRY_SOON),

		/** The request was deleted, or another one has its name. */
		LOST(Recovery.START_OVER),

		/** The store cannot be read or written. */
		STORE(Recovery.FIX_CAUSE),

		/** Anything else. */
		OTHER(Recovery.FIX_CAUSE);

		private final Recovery recovery;

		Kind(Recovery recovery) {
			this.recovery = recovery;
		}

		/**
		 * Returns what can be done about failures of this kind.
		 * @return the way to go on
		 */
		public Recovery recovery() {
			return this.recovery;
		}

		/**
		 * Returns the kind of any failure.
		 * @param failure the failure
		 * @return its kind, {@link #OTHER} if this library did not throw it
		 */
		public static Kind of(Throwable failure) {
			return (failure instanceof CertificateManagerException known) ? known.kind() : OTHER;
		}

	}

	/**
	 * What can be done about a failure.
	 */
	public enum Recovery {

		/**
		 * Send the same request again soon: the signer was out of reach or busy, or it
		 * has not answered in time.
		 */
		RETRY_SOON,

		/**
		 * Ask again slowly, or with another template: this was an answer, and the same
		 * request would get the same one.
		 */
		RETRY_SLOWLY,

		/**
		 * Fix the cause, such as the credentials, their permissions or the store. The
		 * same request is accepted once that is done.
		 */
		FIX_CAUSE,

		/**
		 * Make a new request with a new key: this one no longer exists, or its name is
		 * taken.
		 */
		START_OVER

	}

}
