package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.internal.Pause;
import io.kubelet.cert.rotation.internal.StoreSession;
import io.kubelet.cert.store.CertificateStore;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import io.kubelet.cert.store.CertificateStore.Stored;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.spi.LoggingEventBuilder;

/**
 * Puts our pair in the place of what somebody else has stored for all replicas, with
 * pauses that all replicas share: another program may put back its own each time. What is
 * wrong is logged when it changes. That another program keeps changing the pair is
 * reported in place of what follows from that.
 */
final class PairRepair {

	private static final Logger logger = LoggerFactory.getLogger(PairRepair.class);

	/** Of which a program may put back one. */
	private static final int REPLACED_PAIRS = 20;

	private final RotationSettings settings;

	private final StoreSession store;

	/** What is wrong with the stored pair. */
	private @Nullable String problem;

	/** The serial numbers of pairs that replicas have replaced. */
	private final Deque<String> replacedPairs = new ArrayDeque<>();

	PairRepair(RotationSettings settings, StoreSession store) {
		this.settings = settings;
		this.store = store;
	}

	/** A replica has stored another pair in the place of this one. */
	void replaced(CertificatePair pair) {
		this.replacedPairs.addFirst(pair.serialNumber());
		if (this.replacedPairs.size() > REPLACED_PAIRS) {
			this.replacedPairs.removeLast();
		}
	}

	/**
	 * A replica has stored a pair that was issued after ours. If ours is that of a
	 * backup, it has replaced the later one here only, and replicas would replace it in
	 * turn.
	 */
	void readmit(CertificatePair later, CertificatePair ours) {
		if (later.leaf().getIssuerX500Principal().equals(ours.leaf().getIssuerX500Principal())
				&& later.leaf().getNotBefore().after(ours.leaf().getNotBefore())) {
			this.replacedPairs.remove(later.serialNumber());
		}
	}

	boolean wasReplaced(CertificatePair pair) {
		return this.replacedPairs.contains(pair.serialNumber());
	}

	static boolean isByReplica(Stored stored) {
		return stored.deadline() != null;
	}

	/** Whether replicas have not stored a pair, or have replaced it. */
	boolean isForeign(Stored stored) {
		CertificatePair found = stored.pair();
		return isEnabled() && found != null && (!isByReplica(stored) || wasReplaced(found));
	}

	/** Whether ours takes the place of what somebody else has stored. */
	boolean isEnabled() {
		return this.store.isShared() && !this.settings.off();
	}

	/**
	 * Stores our pair again, unless another program would only put back its own.
	 * @param pair our pair, {@code null} if there is none
	 * @param deadline that of all replicas, {@code null} if there is none
	 */
	void restore(@Nullable CertificatePair pair, @Nullable Instant deadline, Instant now) {
		this.store.noteToRepair(true);
		if (pair == null || !pair.isValid(now) || !this.store.repairs().pause().isOver(now)) {
			return;
		}
		try {
			this.store.restore(pair, (deadline != null) ? deadline : this.settings.deadline(pair, null));
			RotationLog.restored(this.settings, pair);
		}
		catch (ConflictException ex) {
			// Another replica was faster. Otherwise, the next reading tries again
		}
		catch (StoreException ex) {
			report(RotationLog.about(this.settings, logger.atError()),
					ex.getMessage() + "; the last valid pair stays in use");
		}
	}

	/** Two programs may store pairs in turn. */
	boolean mayAdopt(Stored stored, Instant now) {
		boolean may = !isForeign(stored) || this.store.repairs().pause().isOver(now);
		if (may && isForeign(stored)) {
			this.store.noteAdopted(now);
		}
		this.store.noteToRepair(!may);
		return may;
	}

	/** In which no rotation begins that is due for what somebody else has stored. */
	Pause pause(Trigger trigger) {
		return !this.store.isToRepair() ? Pause.NONE : switch (trigger) {
			case DAMAGED ->
				this.store.deficiency().isEmpty() ? this.store.repairs().pause() : this.store.repairs().longest();
			case FIRST, TEMPLATE, EXPIRED, NOT_YET_VALID -> this.store.repairs().longest();
			case DEADLINE, REQUESTED, RESUMED -> Pause.NONE;
		};
	}

	/** How long nothing is to be stored again after a review. */
	Duration untilNext(Instant now) {
		Instant end = this.store.repairs().pause().end();
		return (this.store.isToRepair() && end.isAfter(now)) ? Duration.between(now, end) : this.settings.idleCheck();
	}

	/** Returns a sentence, {@code null} if nothing is wrong. */
	@Nullable String problem() {
		return this.problem;
	}

	/** The stored pair is as it should be. */
	void notNeeded() {
		if (this.store.repairs().isContested()) {
			reportContest();
		}
		else {
			this.problem = null;
		}
	}

	/** Reports a problem, unless it was reported last. */
	void report(LoggingEventBuilder entry, String problem) {
		if (this.store.repairs().isContested()) {
			reportContest();
		}
		else {
			log(entry, problem);
		}
	}

	private void reportContest() {
		String writer = (this.settings.store() instanceof CertificateStore.Shared shared) ? shared.otherWriter() : "";
		log(RotationLog.about(this.settings, logger.atError()),
				("Another program%s keeps changing the pair in %s. The pair in use stays in memory, and is stored again "
						+ "after pauses of up to an hour. Have that program leave the data of it alone, or use another: with "
						+ "cert-manager, give its Certificate another 'secretName'; with Argo CD, use 'ignoreDifferences'; or "
						+ "change 'store.secret'")
					.formatted(writer.isEmpty() ? "" : " ('" + writer + "')", this.settings.store()));
	}

	private void log(LoggingEventBuilder entry, String problem) {
		if (!problem.equals(this.problem)) {
			this.problem = problem;
			entry.log("[{}] {}", problem);
		}
	}

}
