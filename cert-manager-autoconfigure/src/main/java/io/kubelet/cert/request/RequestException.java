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

	private final Recovery recovery;

	protected RequestException(Recovery recovery, @Nullable String requestName, String reason, String message,
			@Nullable Throwable cause) {
		super(message, cause);
		this.recovery = recovery;
		this.requestName = requestName;
		this.reason = reason;
	}

	/**
	 * Returns what a caller can do about it.
	 * @return the way to go on
	 */
	public Recovery recovery() {
		return this.recovery;
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

}
