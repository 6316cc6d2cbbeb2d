package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the store. What it holds is part of the state, on which the next write
 * builds.
 */
final class StoreAccess {

	/** So many conflicts in a row are not those with other replicas. */
	static final int MOST_CONFLICTS = 5;

	private final RotationSettings settings;

	private final CertificateStore store;

	StoreAccess(RotationSettings settings) {
		this.settings = settings;
		this.store = settings.store();
	}

	/**
	 * Reads the store.
	 * @param last what it held last, which stays known if it cannot be read
	 * @param current the current pair, {@code null} if there is none
	 */
	Reading read(Reading last, @Nullable CertificatePair current, Instant now) {
		try {
			return reading(this.store.read(), current, now);
		}
		catch (ConflictException ex) {
			return last.failed(new StoreException(Kind.UNAVAILABLE, ex.report(), ex));
		}
		catch (StoreException ex) {
			return last.failed(ex);
		}
	}

	/**
	 * Stores a request or a pair. Nothing takes the place of what cannot be read, unless
	 * it is damaged: a new pair repairs that.
	 * @throws CertificateManagerException also if the store could not be read the last
	 * time
	 */
	Reading write(Reading last, UnaryOperator<Stored> change, @Nullable CertificatePair current, Instant now) {
		if (last.failure() != null && last.failure().kind() != Kind.STORE) {
			throw last.failure();
		}
		return reading(this.store.write(change.apply(stored(last))), current, now);
	}

	/**
	 * Writes the outcome of a request, even if another process has changed something
	 * else, or another program has put back what was stored before.
	 * @param foreign whether no replica has stored what is read
	 * @return what is stored now; {@code null} if another process has written an outcome
	 */
	@Nullable Reading write(Reading last, PendingRequest request, UnaryOperator<Stored> change, Predicate<Reading> foreign,
			@Nullable CertificatePair current, Instant now) {
		Reading base = last;
		for (int conflicts = 1;; conflicts++) {
			try {
				return reading(this.store.write(change.apply(stored(base))), current, now);
			}
			catch (ConflictException ex) {
				base = read(base, current, now);
				if (base.failure() != null) {
					throw base.failure();
				}
				boolean removed = base.pending() == null && !isAnswer(base.pair(), request)
						&& (foreign.test(base) || request.isToReplace(base.pair()));
				if (!removed && (!base.holds(request) || base.unanswered() == null)) {
					return null;
				}
				if (conflicts == MOST_CONFLICTS) {
					throw ex;
				}
			}
		}
	}

	private static boolean isAnswer(@Nullable CertificatePair pair, PendingRequest request) {
		return pair != null && request.hasKey(pair.leaf().getPublicKey());
	}

	private static Stored stored(Reading reading) {
		return new Stored(reading.pair(), reading.pending(), reading.deadline(), reading.repairs(), reading.version());
	}

	/**
	 * Whoever can write to a shared store could have us use any pair, so the issuer of
	 * another one is checked.
	 */
	private Reading reading(Stored stored, @Nullable CertificatePair current, Instant now) {
		CertificatePair pair = stored.pair();
		CertificateStore.Shared shared = (this.store instanceof CertificateStore.Shared store) ? store : null;
		boolean trusted = pair == null || pair.equals(current) || shared == null;
		return new Reading(pair, stored.pending(), stored.deadline(), stored.repairs(), stored.version(),
				(shared != null) ? shared.otherWriter() : "",
				(pair == null || trusted) ? null : this.settings.check().issuerProblem(pair, now).orElse(null),
				(shared != null) ? shared.deficiency().orElse(null) : null, shared != null && shared.lacksAuthorities(),
				null);
	}

}
