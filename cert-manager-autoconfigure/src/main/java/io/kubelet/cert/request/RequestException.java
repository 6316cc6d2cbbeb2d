package io.kubelet.cert.request;

import io.kubelet.cert.certificate.CertificateManagerException;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request did not lead to a certificate. {@link #recovery()} says
 * what a caller can do; the subtypes carry further details.
 */
public abstract class RequestException extends CertificateManagerException {

	private final @Nullable String requestName;

	private final String reason;

	protected RequestException(Kind kind, @Nullable String requestName, String reason, String message,
			@Nullable Throwable cause) {
		super(kind, message, cause);
		this.requestName = requestName;
		this.reason = reason;
	}

	/**
	 * Returns what a caller can do about it.
	 * @return the way to go on
	 */
	public Recovery recovery() {
		return switch (kind()) {
			case UNAVAILABLE, TIMED_OUT -> Recovery.RETRY_SOON;
			case UNAUTHORIZED -> Recovery.FIX_CREDENTIALS;
			case LOST -> Recovery.START_OVER;
			default -> Recovery.RETRY_SLOWLY;
		};
	}

	/**
	 * Returns the name of the request.
	 * @return the object's name, {@code null} if there is no object
	 */
	public @Nullable String requestName() {
		return this.requestName;
	}

	/**
	 * Returns the reason in one word, as the signer or the API server gave it.
	 * @return a word such as {@code Forbidden} or {@code SignerValidationFailure}
	 */
	public String reason() {
		return this.reason;
	}

	/**
	 * Names a request and its signer, for a message.
	 * @param name the name of the request, {@code null} if it has none yet
	 * @param signer the name of the signer
	 * @return the beginning of a sentence
	 */
	public static String describe(@Nullable String name, String signer) {
		return "Request " + ((name != null) ? name + " " : "") + "to signer " + signer;
	}

	/**
	 * What a caller can do about a request that failed.
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
		 * Fix the credentials or their permissions. The same request is accepted once
		 * they are right.
		 */
		FIX_CREDENTIALS,

		/**
		 * Make a new request with a new key: this one no longer exists, or its name is
		 * taken.
		 */
		START_OVER;

		/**
		 * Whether this is what a caller can do about a failure.
		 * @param failure any failure
		 * @return {@code true} if it is a {@link RequestException} with this recovery
		 */
		public boolean appliesTo(Throwable failure) {
			return failure instanceof RequestException request && request.recovery() == this;
		}

	}

}
