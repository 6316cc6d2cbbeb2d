package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.function.UnaryOperator;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.core.Reading;
import io.kubelet.cert.rotation.core.State;
import io.kubelet.cert.rotation.core.StoreView;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes the store, and records what it holds: the next write builds on that.
 * Used on the certificate's serial executor only.
 */
final class StoreKeeper {

	/** So many conflicts in a row are not those with other replicas. */
	static final int MOST_CONFLICTS = 5;

	private final RotationSettings settings;

	private final Journal journal;

	private final Templates templates;

	private final ForcedRotations forced;

	StoreKeeper(RotationSettings settings, Journal journal, Templates templates, ForcedRotations forced) {
		this.settings = settings;
		this.journal = journal;
		this.templates = templates;
		this.forced = forced;
	}

	/** Looks at the store and at the template. */
	void observe() {
		State state = this.journal.state();
		Reading reading = read(this.settings, state.stored(), state.pair());
		if (state.pair() != null && this.settings.store() instanceof CertificateStore.Shared shared
				&& shared.lacksCopy()) {
			Journal.keep(this.settings, state.pair());
		}
		this.journal.on((next) -> next.observed(reading, this.templates.latest(), this.templates.waitingFor(),
				this.forced.isRequested()));
	}

	/**
	 * Reads the store.
	 * @param last what it held last, which stays known if it cannot be read
	 * @param current the current pair, {@code null} if there is none
	 */
	static Reading read(RotationSettings settings, Reading last, @Nullable CertificatePair current) {
		try {
			return reading(settings, settings.store().read(), current);
		}
		catch (ConflictException ex) {
			return last.failed(new StoreException(Kind.UNAVAILABLE, ex.report(), ex));
		}
		catch (StoreException ex) {
			return last.failed(ex);
		}
	}

	/**
	 * Whoever can write to a shared store could have us use any pair, so the issuer of
	 * another one is checked.
	 */
	private static Reading reading(RotationSettings settings, Stored stored, @Nullable CertificatePair current) {
		CertificatePair pair = stored.pair();
		String issuerProblem = (pair == null || pair.equals(current)
				|| !(settings.store() instanceof CertificateStore.Shared)) ? null
						: settings.check().issuerProblem(pair, settings.clock().instant()).orElse(null);
		return new Reading(stored, issuerProblem, null);
	}

	/** Stores the pair with which a certificate begins. */
	void begin(CertificatePair bootstrap) {
		try {
			write(lastRead(), (stored) -> stored.withPair(bootstrap, null), false);
		}
		catch (StoreException ex) {
			RotationLog.notStored(this.settings, bootstrap, ex);
		}
	}

	/** Stores a request. */
	Reading write(PendingRequest request) {
		return write(lastRead(), (stored) -> stored.withPending(request), false);
	}

	/**
	 * What was read last. Nothing takes the place of what cannot be read, unless it is
	 * damaged: a new pair repairs that.
	 */
	private Reading lastRead() {
		Reading last = this.journal.state().stored();
		if (last.failure() != null && last.failure().kind() != Kind.STORE) {
			throw last.failure();
		}
		return last;
	}

	/**
	 * Stores the outcome of a request, even if another process has changed something
	 * else, or another program has put back what was stored before.
	 * @return what is stored now; {@code null} if another process has written an outcome
	 */
	@Nullable Reading writeOutcome(PendingRequest request, UnaryOperator<Stored> change) {
		Reading base = this.journal.state().stored();
		for (int conflicts = 1;; conflicts++) {
			try {
				return write(base, change, false);
			}
			catch (ConflictException ex) {
				base = read(this.settings, base, this.journal.state().pair());
				if (base.failure() != null) {
					throw base.failure();
				}
				if (!isOpen(request, base)) {
					return null;
				}
				if (conflicts == MOST_CONFLICTS) {
					throw ex;
				}
			}
		}
	}

	/** Whether no other process has written an outcome of a request. */
	private boolean isOpen(PendingRequest request, Reading stored) {
		CertificatePair pair = stored.pair();
		if (stored.pending() != null) {
			return stored.holds(request) && stored.unanswered() != null;
		}
		boolean foreign = pair != null && !this.journal.state().isByReplica(stored, this.journal.now());
		return !request.isAnsweredBy(pair) && (foreign || request.isToReplace(pair));
	}

	/**
	 * Writes a change of what was read. That another pair takes the place of one that is
	 * to be repaired counts.
	 * @param repairs whether it counts whatever changes
	 */
	private Reading write(Reading last, UnaryOperator<Stored> change, boolean repairs) {
		State state = this.journal.state();
		Stored next = change.apply(last.content());
		boolean pairChanges = !Objects.equals(next.pair(), last.pair());
		List<Instant> times = new StoreView(state, this.journal.now()).repairTimes(last.content().repairs(),
				repairs || pairChanges);
		Stored written = this.settings.store().write(next.withRepairs(times));
		// A pair of ours was checked when it was issued
		return reading(this.settings, written, pairChanges ? next.pair() : state.pair());
	}

	/** Stores the pair in use again. */
	void restore(CertificatePair pair) {
		State state = this.journal.state();
		Instant shared = state.current().shared();
		Instant deadline = (shared != null) ? shared : state.policy().deadline(pair, null, this.journal.random());
		try {
			Reading written = write(state.stored(), (stored) -> stored.withPair(pair, deadline), true);
			this.journal.on((next) -> next.restored(written));
			RotationLog.restored(this.settings, pair);
		}
		catch (ConflictException ex) {
			this.journal.on((next) -> next.notRestored(null));
			observe();
		}
		catch (StoreException ex) {
			this.journal.on((next) -> next.notRestored(ex.getMessage()));
		}
	}

	/**
	 * Removes a request, unless that of another process has taken its place.
	 * @return what is stored now
	 */
	Reading remove(PendingRequest request) {
		if (this.journal.state().stored().holds(request)) {
			Reading written = writeOutcome(request, (stored) -> stored.withPending(null));
			if (written != null) {
				return written;
			}
			observe();
		}
		return this.journal.state().stored();
	}

}
