package io.kubelet.cert.certificate;

import org.jspecify.annotations.Nullable;

/**
 * The root of all exceptions that this library throws deliberately.
 */
public abstract class CertificateManagerException extends RuntimeException {

	private final Kind kind;

	protected CertificateManagerException(String message, @Nullable Throwable cause) {
		this(Kind.OTHER, message, cause);
	}

	protected CertificateManagerException(Kind kind, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.kind = kind;
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
		DENIED,

		/** The signer refused to sign the request. */
		FAILED,

		/**
		 * The issued certificate is not what was requested, or its chain is not trusted.
		 */
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
