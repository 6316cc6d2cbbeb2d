package io.kubelet.cert.rotation.core;

import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore.Findings;
import io.kubelet.cert.store.CertificateStore.Stored;
import org.jspecify.annotations.Nullable;

/**
 * What the store held when it was read or written last.
 *
 * @param content what it held. Its deadline is {@code null} unless a replica has stored
 * the pair
 * @param issuerProblem why the issuer of the pair is not accepted, {@code null} if it is
 * @param failure why the store cannot be read any more, {@code null} if it can
 */
public record Reading(Stored content, @Nullable String issuerProblem, @Nullable CertificateManagerException failure) {

	/** Nothing is stored. */
	public static final Reading NOTHING = new Reading(Stored.NOTHING, null, null);

	/** Returns the pair, {@code null} if there is none. */
	public @Nullable CertificatePair pair() {
		return this.content.pair();
	}

	/** Returns the request that waits for its certificate, {@code null} if none does. */
	public @Nullable PendingRequest pending() {
		return this.content.pending();
	}

	/** What the store says of the pair. */
	Findings findings() {
		return this.content.findings();
	}

	/** When the rotation of the pair is due, {@code null} unless replicas stored it. */
	@Nullable Instant deadline() {
		return this.content.deadline();
	}

	/**
	 * Returns what was read before, with a reason why that is all.
	 * @param failure the reason
	 * @return the new reading
	 */
	public Reading failed(CertificateManagerException failure) {
		return new Reading(this.content, this.issuerProblem, failure);
	}

	/**
	 * Returns the stored request, unless the stored pair answers it.
	 * @return the request, {@code null} if there is none
	 */
	public @Nullable PendingRequest unanswered() {
		return (pending() != null && pending().isAnsweredBy(pair())) ? null : pending();
	}

	/**
	 * Returns whether a request is the one that is stored.
	 * @param request the request
	 * @return {@code false} if there is none, or another
	 */
	public boolean holds(PendingRequest request) {
		return pending() != null && pending().hasKey(request.request().publicKey());
	}

}
