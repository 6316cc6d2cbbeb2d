package io.kubelet.cert.request;

import org.jspecify.annotations.Nullable;

/**
 * The API server does not take the request: the credentials, a permission or the request
 * itself are wrong. Waiting does not help; someone has to fix the configuration.
 */
public final class RequestRejectedException extends RequestException {

	private final int statusCode;

	public RequestRejectedException(@Nullable String requestName, int statusCode, String reason, String message,
			@Nullable Throwable cause) {
		super(requestName, reason, message, cause);
		this.statusCode = statusCode;
	}

	/**
	 * Return the HTTP status of the answer.
	 * @return a status from 400 to 499
	 */
	public int statusCode() {
		return this.statusCode;
	}

	/**
	 * Whether the credentials or their permissions are wrong, not the request.
	 * @return {@code true} for 401 and 403
	 */
	public boolean isAboutCredentials() {
		return this.statusCode == 401 || this.statusCode == 403;
	}

}
