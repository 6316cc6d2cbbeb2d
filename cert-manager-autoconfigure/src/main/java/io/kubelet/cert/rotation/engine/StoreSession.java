package io.kubelet.cert.rotation.engine;

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
final class StoreSession {

	/** So many conflicts in a row are not those with other replicas. */
	static final int MOST_CONFLICTS = 5;

	private final CertificateStore store;

	private Stored stored = Stored.NOTHING;

	/** Why it could not be read the last time. */
	private @Nullable StoreException problem;

	/**
	 * Reads the store. One that is shared need not be readable yet.
	 */
	StoreSession(CertificateStore store) {
		this.store = store;
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
	boolean isShared() {
		return this.store instanceof CertificateStore.Shared;
	}

	/** Why the stored pair does not suffice although it is valid. */
	Optional<String> deficiency() {
		return (this.store instanceof CertificateStore.Shared shared) ? shared.deficiency() : Optional.empty();
	}

	Stored get() {
		return this.stored;
	}

	void read() {
		try {
			this.stored = this.store.read();
			this.problem = null;
		}
		catch (StoreException ex) {
			this.problem = ex;
			throw ex;
		}
	}

	/** Throws why the store cannot be read, unless a new pair repairs it. */
	void requireRead() {
		if (this.problem != null && this.problem.kind() != Kind.STORE) {
			read();
		}
	}

	/** The stored pending request, {@code null} if there is none that needs an answer. */
	@Nullable PendingRequest unanswered() {
		PendingRequest pending = this.stored.pending();
		CertificatePair pair = this.stored.pair();
		return (pending != null && pair != null && pending.hasKey(pair.leaf().getPublicKey())) ? null : pending;
	}

	/** Whether a request is the one that is stored. */
	boolean holds(PendingRequest request) {
		PendingRequest pending = this.stored.pending();
		return pending != null && pending.hasKey(request.request().publicKey());
	}

	void write(UnaryOperator<Stored> change) {
		this.stored = this.store.write(change.apply(this.stored));
	}

	/**
	 * Writes the outcome of a request, even if another process has changed something
	 * else.
	 * @return whether it was written; {@code false} if another process has done so
	 */
	boolean write(PendingRequest request, UnaryOperator<Stored> change) {
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
