package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * What the store held when it was read or written last.
 *
 * @param pair the pair, {@code null} if there is none
 * @param pending the request that is waiting for its certificate, {@code null} if there
 * is none
 * @param deadline when the rotation of the pair is due, {@code null} unless a replica has
 * stored it
 * @param repairs when replicas have lately replaced what none of them had stored
 * @param version identifies what is stored, {@code null} in a store that does not detect
 * conflicts
 * @param otherWriter which program has last changed the pair, other than replicas; empty
 * if that is not known
 * @param issuerProblem why its issuer is not accepted, {@code null} if it is
 * @param deficiency why the pair does not suffice although it is valid, {@code null} if
 * it does
 * @param lacksAuthorities whether somebody has removed authorities of the pair
 * @param uncopied whether the store has no copy of the pair in use, although it should
 * @param failure why the store cannot be read any more, {@code null} if it can
 */
public record Reading(@Nullable CertificatePair pair, @Nullable PendingRequest pending, @Nullable Instant deadline,
		List<Instant> repairs, @Nullable Object version, String otherWriter, @Nullable String issuerProblem,
		@Nullable String deficiency, boolean lacksAuthorities, boolean uncopied,
		@Nullable CertificateManagerException failure) {

	/** Nothing is stored. */
	public static final Reading NOTHING = new Reading(null, null, null, List.of(), null, "", null, null, false, false,
			null);

	/**
	 * Returns what was read before, with a reason why that is all.
	 * @param failure the reason
	 * @return the new reading
	 */
	public Reading failed(CertificateManagerException failure) {
		return new Reading(this.pair, this.pending, this.deadline, this.repairs, this.version, this.otherWriter,
				this.issuerProblem, this.deficiency, this.lacksAuthorities, this.uncopied, failure);
	}

	/**
	 * Returns the stored request, unless the stored pair answers it.
	 * @return the request, {@code null} if there is none
	 */
	public @Nullable PendingRequest unanswered() {
		return answeredBy(this.pair) ? null : this.pending;
	}

	/** Whether a pair answers the stored request. */
	boolean answeredBy(@Nullable CertificatePair pair) {
		return this.pending != null && pair != null && isKeyOf(this.pending, pair);
	}

	/**
	 * Returns whether a request is the one that is stored.
	 * @param request the request
	 * @return {@code false} if there is none, or another
	 */
	public boolean holds(PendingRequest request) {
		return this.pending != null && this.pending.hasKey(request.request().publicKey());
	}

	static boolean isKeyOf(PendingRequest request, CertificatePair pair) {
		return request.hasKey(pair.leaf().getPublicKey());
	}

}
