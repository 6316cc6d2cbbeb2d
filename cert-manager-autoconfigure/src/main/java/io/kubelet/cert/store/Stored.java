package io.kubelet.cert.store;

import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * What a store holds for one certificate.
 *
 * @param pair the current pair, expired or not; {@code null} if none is stored yet
 * @param pending the request that is waiting for its certificate, {@code null} if there
 * is none
 * @param deadline when the rotation of the pair is due, {@code null} if each process
 * decides for itself
 * @param version identifies this state, {@code null} in a store that does not detect
 * conflicts
 */
public record Stored(@Nullable CertificatePair pair, @Nullable PendingRequest pending, @Nullable Instant deadline,
		@Nullable Object version) {

	/** Nothing. */
	public static final Stored NOTHING = new Stored(null, null, null, null);

	/**
	 * Returns this state with another pair.
	 * @param pair the pair
	 * @param deadline when its rotation is due, {@code null} if each process decides for
	 * itself
	 * @return the new state
	 */
	public Stored withPair(CertificatePair pair, @Nullable Instant deadline) {
		return new Stored(pair, this.pending, deadline, this.version);
	}

	/**
	 * Returns this state with another pending request.
	 * @param pending the request, {@code null} for none
	 * @return the new state
	 */
	public Stored withPending(@Nullable PendingRequest pending) {
		return new Stored(this.pair, pending, this.deadline, this.version);
	}

}
