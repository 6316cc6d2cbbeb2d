package io.kubelet.cert.request;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The signer could not be reached or asks to be left alone for a while: 429, 5xx, or no
 * connection. The same request is worth sending again later.
 */
public final class SignerUnavailableException extends RequestException {

	private final @Nullable Duration retryAfter;

	public SignerUnavailableException(@Nullable String requestName, String reason, String message,
			@Nullable Duration retryAfter, @Nullable Throwable cause) {
		super(requestName, reason, message, cause);
		this.retryAfter = retryAfter;
	}

	/**
	 * Return how long the server asks to wait ({@code Retry-After}, RFC 9110, 10.2.3).
	 * @return the time to wait, {@code null} if the server said nothing
	 */
	public @Nullable Duration retryAfter() {
		return this.retryAfter;
	}

}
