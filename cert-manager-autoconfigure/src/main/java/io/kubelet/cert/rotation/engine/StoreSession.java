package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What the store held when it was read or written last, on which the next write builds.
 * Used on the certificate's serial executor only.
 */
final class StoreSession {

	/** So many conflicts in a row are not those with other replicas. */
	static final int MOST_CONFLICTS = 5;

	private final RotationSettings settings;

	private final CertificateStore store;

	private Stored stored = Stored.NOTHING;

	/** Why it could not be read the last time. */
	private @Nullable StoreException failure;

	StoreSession(RotationSettings settings) {
		this.settings = settings;
		this.store = settings.store();
	}

	/**
	 * Reads the store.
	 * @param current the current pair, {@code null} if there is none
	 * @return what it holds or, if it cannot be read, what it held last
	 */
	Reading read(@Nullable CertificatePair current, Instant now) {
		try {
			read();
		}
		catch (StoreException ex) {
			// Part of what is known of the store
		}
		return reading(current, now);
	}

	private void read() {
		try {
			this.stored = this.store.read();
			this.failure = null;
		}
		catch (StoreException ex) {
			this.failure = ex;
			throw ex;
		}
	}

	/**
	 * Returns what the store held when it was read or written last, and why that is all
	 * that is known. Whoever can write to a shared store could have us use any pair, so
	 * the issuer of another pair is checked.
	 */
	Reading reading(@Nullable CertificatePair current, Instant now) {
		CertificatePair pair = this.stored.pair();
		boolean trusted = pair == null || pair.equals(current) || !this.settings.policy().shared();
		CertificateStore.Shared shared = (this.store instanceof CertificateStore.Shared store) ? store : null;
		return new Reading(pair, this.stored.pending(), this.stored.deadline(), this.stored.repairs(),
				(shared != null) ? shared.otherWriter() : "",
				(pair == null || trusted) ? null : this.settings.check().issuerProblem(pair, now).orElse(null),
				(shared != null) ? shared.deficiency().orElse(null) : null, shared != null && shared.lacksAuthorities(),
				(this.failure instanceof ConflictException conflict)
						? new StoreException(Kind.UNAVAILABLE, conflict.report(), conflict) : this.failure);
	}

	/** Returns the stored request, unless the stored pair answers it. */
	private @Nullable PendingRequest unanswered() {
		return reading(this.stored.pair(), Instant.MIN).unanswered();
	}

	/**
	 * Stores a request or a pair. Nothing takes the place of what could not be read,
	 * unless it is damaged: a new pair repairs that.
	 * @throws StoreException also if the store could not be read the last time
	 */
	void write(UnaryOperator<Stored> change) {
		if (this.failure != null && this.failure.kind() != Kind.STORE) {
			throw this.failure;
		}
		written(this.store.write(change.apply(this.stored)));
	}

	private void written(Stored stored) {
		this.stored = stored;
		this.failure = null;
	}

	/** Whether a request is the one that is stored. */
	boolean holds(PendingRequest request) {
		PendingRequest pending = this.stored.pending();
		return pending != null && pending.hasKey(request.request().publicKey());
	}

	/**
	 * Writes the outcome of a request, even if another process has changed something
	 * else.
	 * @return whether it was written; {@code false} if another process has done so
	 */
	boolean write(PendingRequest request, UnaryOperator<Stored> change) {
		for (int conflicts = 1;; conflicts++) {
			try {
				written(this.store.write(change.apply(this.stored)));
				return true;
			}
			catch (ConflictException ex) {
				read();
				PendingRequest left = unanswered();
				if (left == null || !left.hasKey(request.request().publicKey())) {
					return false;
				}
				if (conflicts == MOST_CONFLICTS) {
					throw ex;
				}
			}
		}
	}

}
