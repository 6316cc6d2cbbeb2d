package io.kubelet.cert.request;

import java.time.Duration;

import org.jspecify.annotations.Nullable;

/**
 * The request is still open after the time that was set for its approval and signature.
 * It is worth waiting for it again; a second request would not be answered sooner.
 */
public final class RequestTimedOutException extends RequestException {

	public RequestTimedOutException(@Nullable String requestName, Duration timeout) {
		super(requestName, "TimedOut",
				"Request %s was neither approved, denied nor signed within %s".formatted(requestName, timeout), null);
	}

}
