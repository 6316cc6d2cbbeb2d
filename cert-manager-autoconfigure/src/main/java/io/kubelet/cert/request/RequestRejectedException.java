package io.kubelet.cert.request;

import org.jspecify.annotations.Nullable;

/**
 * The API server rejected the request: the credentials, a permission or the request
 * itself is wrong.
 */
public final class RequestRejectedException extends RequestException {

	private final int statusCode;

	public RequestRejectedException(@Nullable String requestName, int statusCode, String reason, String message,
			@Nullable Throwable cause) {
		super(isAboutCredentials(statusCode) ? Kind.UNAUTHORIZED : Kind.REJECTED, requestName, reason, message, cause);
		this.statusCode = statusCode;
	}

	/**
	 * Returns the HTTP status of the response.
	 * @return a status from 400 to 499
	 */
	public int statusCode() {
		return this.statusCode;
	}

	/**
	 * Whether the credentials or their permissions are wrong, and not the request.
	 * @return {@code true} for 401 and 403
	 */
	public boolean isAboutCredentials() {
		return isAboutCredentials(this.statusCode);
	}

	private static boolean isAboutCredentials(int statusCode) {
		return statusCode == 401 || statusCode == 403;
	}

}
