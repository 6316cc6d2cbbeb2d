package io.kubelet.cert.request;

import java.time.Duration;

import io.kubelet.cert.certificate.ReadableDuration;
import org.jspecify.annotations.Nullable;

/**
 * The request was not answered in time. It is still open, and waiting for it again is
 * better than a second request, which would not be answered sooner.
 */
public final class RequestTimedOutException extends RequestException {

	public RequestTimedOutException(@Nullable String requestName, Duration timeout) {
		super(Kind.TIMED_OUT, requestName, "TimedOut",
				"%s was neither approved, denied nor signed within %s, and is waited for again".formatted(
						(requestName != null) ? "Request " + requestName : "The request", ReadableDuration.of(timeout)),
				null);
	}

}
