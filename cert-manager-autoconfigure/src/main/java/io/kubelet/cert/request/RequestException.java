package io.kubelet.cert.request;

import io.kubelet.cert.certificate.CertificateManagerException;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request did not bring a certificate. The subtypes say what a
 * caller can do.
 */
public abstract class RequestException extends CertificateManagerException {

	private final @Nullable String requestName;

	private final String reason;

	protected RequestException(@Nullable String requestName, String reason, String message, @Nullable Throwable cause) {
		super(message, cause);
		this.requestName = requestName;
		this.reason = reason;
	}

	/**
	 * Return the name of the request.
	 * @return the object's name, {@code null} if there is no object
	 */
	public @Nullable String requestName() {
		return this.requestName;
	}

	/**
	 * Return why, in one word, as the signer or the API server gave it.
	 * @return a word such as {@code Forbidden} or {@code SignerValidationFailure}
	 */
	public String reason() {
		return this.reason;
	}

}
