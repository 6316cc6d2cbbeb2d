package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.PendingRequest;

/**
 * A request that is to be removed from the store. If it is over, first its object is
 * deleted, then the request from the store, so that a process that ends in between finds
 * it again.
 *
 * @param request the request
 * @param begun whether its deletion is in progress
 * @param pause before the deletion is tried
 */
public record Leaving(PendingRequest request, boolean begun, Pause pause) {

	/** After which a deletion from the store that failed is repeated. */
	private static final Duration RETRY = Duration.ofMinutes(1);

	boolean isFor(PendingRequest request) {
		return this.request.hasKey(request.request().publicKey());
	}

	boolean isDue(Instant now) {
		return !this.begun && this.pause.isOver(now);
	}

	Leaving failed(Instant now) {
		return new Leaving(this.request, false, Pause.of(now, RETRY));
	}

}
