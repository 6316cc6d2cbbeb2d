package io.kubelet.cert.request;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The signer could not be reached or is busy: no connection, or a status of 429 or 5xx.
 */
public final class SignerUnavailableException extends RequestException {

	private final @Nullable Duration retryAfter;

	public SignerUnavailableException(@Nullable String requestName, String reason, String message,
			@Nullable Duration retryAfter, @Nullable Throwable cause) {
		super(Kind.UNAVAILABLE, requestName, reason, message, cause);
		this.retryAfter = retryAfter;
	}

	/**
	 * Returns how long the server asks to wait ({@code Retry-After}, RFC 9110, 10.2.3).
	 * @return the time to wait, {@code null} if it does not say
	 */
	public @Nullable Duration retryAfter() {
		return this.retryAfter;
	}

}
