package io.kubelet.cert.rotation.internal;

import java.time.Clock;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * What the store held when it was read or written last, on which the next write builds.
 * Used on the certificate's serial executor only.
 */
public final class StoreSession {

	/** So many conflicts in a row are not those with other replicas. */
	public static final int MOST_CONFLICTS = 5;

	private final CertificateStore store;

	private final Clock clock;

	private Stored stored = Stored.NOTHING;

	/** Why it could not be read the last time. */
	private @Nullable StoreException problem;

	/** Those of all replicas. */
	private Repairs repairs = Repairs.NONE;

	/** When this one has taken what somebody else had stored. */
	private Repairs adoptions = Repairs.NONE;

	private @Nullable CertificatePair used;

	/** Whether the stored pair is one that no replica has stored, or that is refused. */
	private boolean toRepair;

	/**
	 * Reads the store. One that is shared need not be readable yet.
	 */
	public StoreSession(CertificateStore store, Clock clock) {
		this.store = store;
		this.clock = clock;
		try {
			read();
		}
		catch (StoreException ex) {
			if (!isShared()) {
				throw ex;
			}
		}
	}

	/** Whether replicas use the same store, and so the same certificate. */
	public boolean isShared() {
		return this.store instanceof CertificateStore.Shared;
	}

	/** Why the stored pair does not suffice although it is valid. */
	public Optional<String> deficiency() {
		return (this.store instanceof CertificateStore.Shared shared) ? shared.deficiency() : Optional.empty();
	}

	/** Whether authorities of the pair that is used are missing. */
	public boolean lacksAuthorities() {
		return this.store instanceof CertificateStore.Shared shared && shared.lacksAuthorities();
	}

	public Stored get() {
		return this.stored;
	}

	public void read() {
		try {
			this.stored = this.store.read();
			this.repairs = this.repairs.and(this.stored.repairs(), this.clock.instant());
			this.problem = null;
		}
		catch (StoreException ex) {
			this.problem = ex;
			throw ex;
		}
	}

	/** Throws why the store cannot be read, unless a new pair repairs it. */
	public void requireRead() {
		if (this.problem != null && this.problem.kind() != Kind.STORE) {
			read();
		}
	}

	/** A pair is used, whatever else is stored from now on. */
	public void use(CertificatePair pair) {
		this.used = pair;
	}

	/**
	 * The stored pending request, {@code null} if there is none that needs an answer:
	 * another program may have put its own pair in the place of the one that is used.
	 */
	public @Nullable PendingRequest unanswered() {
		PendingRequest pending = this.stored.pending();
		return (pending != null && (isAnswer(this.stored.pair(), pending) || isAnswer(this.used, pending))) ? null
				: pending;
	}

	private static boolean isAnswer(@Nullable CertificatePair pair, PendingRequest pending) {
		return pair != null && pending.hasKey(pair.leaf().getPublicKey());
	}

	/** Whether a request is the one that is stored. */
	public boolean holds(PendingRequest request) {
		PendingRequest pending = this.stored.pending();
		return pending != null && pending.hasKey(request.request().publicKey());
	}

	/** When what somebody else has stored was replaced, or taken. */
	public Repairs repairs() {
		return this.repairs.and(this.adoptions.times(), this.clock.instant());
	}

	public void noteToRepair(boolean toRepair) {
		this.toRepair = toRepair;
	}

	public boolean isToRepair() {
		return this.toRepair;
	}

	/** Each replica takes it, so that is not stored. */
	public void noteAdopted(Instant now) {
		this.adoptions = this.adoptions.and(List.of(now), now);
	}

	/** Writes. That another pair takes the place of one that is to be repaired counts. */
	public void write(UnaryOperator<Stored> change) {
		Stored next = change.apply(this.stored);
		write(next, this.toRepair && !Objects.equals(next.pair(), this.stored.pair()));
	}

	/** Stores a pair in the place of what is to be repaired. */
	public void restore(CertificatePair pair, Instant deadline) {
		write(this.stored.withPair(pair, deadline), true);
	}

	private void write(Stored next, boolean repairs) {
		Instant now = this.clock.instant();
		Repairs all = repairs ? this.repairs.and(List.of(now), now) : this.repairs;
		this.stored = this.store.write(next.withRepairs(all.times()));
		this.repairs = all;
		this.toRepair &= !repairs;
	}

	/**
	 * Writes the outcome of a request, even if another process has changed something
	 * else.
	 * @return whether it was written; {@code false} if another process has done so
	 */
	public boolean write(PendingRequest request, UnaryOperator<Stored> change) {
		for (int conflicts = 1;; conflicts++) {
			try {
				write(change);
				return true;
			}
			catch (CertificateStore.ConflictException ex) {
				read();
				if (!holds(request) || unanswered() == null) {
					return false;
				}
				if (conflicts == MOST_CONFLICTS) {
					throw ex;
				}
			}
		}
	}

}
