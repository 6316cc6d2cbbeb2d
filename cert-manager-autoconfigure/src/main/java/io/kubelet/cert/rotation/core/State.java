package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one certificate.
 *
 * @param policy what does not change
 * @param template the names that the certificate must contain, {@code null} while they
 * are not known
 * @param waitingFor what has to become known before that, {@code null} if that is unknown
 * @param stored what the store held when it was read or written last
 * @param storeProblem why the stored pair is not used although the current one is not
 * stored, {@code null} if nothing is wrong
 * @param repair repairs of what somebody else has stored
 * @param current the pair in use
 * @param due whether a rotation is due before its deadline
 * @param requested whether a caller waits for a rotation
 * @param pending the pending request, {@code null} if there is none
 * @param attempt the attempt that waits for its answer, {@code null} if none does
 * @param attempts how many attempts have begun
 * @param leaving the requests that are over and not deleted yet
 * @param tolerated the request for another signer that is left alone, {@code null} if
 * there is none
 * @param grace the time that is left to other replicas for what they have begun
 * @param conflicts how many requests in a row could not be stored because another replica
 * was faster
 * @param lost how many requests in a row were lost since their objects did not exist
 * @param failures the failures in a row, and the pauses after them
 * @param dueAtOnce the certificates in a row whose rotation was due when they came
 * @param past what has happened
 * @param notices what was reported
 */
public record State(Policy policy, @Nullable CertificateTemplate template, @Nullable String waitingFor, Reading stored,
		@Nullable String storeProblem, Repair repair, Current current, Due due, boolean requested,
		@Nullable Pending pending, @Nullable Attempt attempt, int attempts, List<Leaving> leaving,
		@Nullable Leaving tolerated, Pause grace, int conflicts, int lost, Failures failures, Due.AtOnce dueAtOnce,
		Past past, Notices notices) {

	/** Returns the last pair, expired or not, {@code null} if there is none yet. */
	public @Nullable CertificatePair pair() {
		return this.current.pair();
	}

	/**
	 * Returns when a rotation is due.
	 * @param now the current time
	 * @return the end of time if a valid pair is not to be rotated
	 */
	public Instant deadline(Instant now) {
		Instant since = this.due.since();
		return (since != null) ? since : this.policy.keepsValidPair() ? Instant.MAX
				: this.dueAtOnce.pause().earliest(this.current.deadline(), now);
	}

	/**
	 * Returns when the pair becomes overdue.
	 * @return {@code null} if there is no pair
	 */
	public @Nullable Instant overdueAt() {
		CertificatePair pair = pair();
		return (pair != null) ? this.policy.overdueAt(pair, this.past.replaced()) : null;
	}

	/**
	 * Returns whether a rotation is due because the pair does not satisfy the template.
	 * @return {@code false} if another reason counts
	 */
	public boolean isOutdated() {
		return this.due.since() != null && this.due.trigger() == Trigger.TEMPLATE && pair() != null
				&& this.template != null;
	}

	/** Whether our pair takes the place of what somebody else has stored. */
	boolean repairs() {
		return this.policy.shared() && !this.policy.off();
	}

	/** Whether replicas have not stored the pair that is stored, or have replaced it. */
	boolean isForeign() {
		CertificatePair stored = this.stored.pair();
		return repairs() && stored != null && (this.stored.deadline() == null || this.repair.wasReplaced(stored));
	}

	/**
	 * The stored pair, if it is to be used, or replaced, since it is not the current one.
	 */
	@Nullable CertificatePair other(Instant now) {
		CertificatePair stored = this.stored.pair();
		return (stored == null || stored.equals(pair()) || !(stored.isValid(now) || isForeign())) ? null : stored;
	}

	/** Whether another pair can be used. Two programs may store pairs in turn. */
	boolean isAdoptable(CertificatePair other, Instant now) {
		return this.stored.failure() == null && objection(other, now).isEmpty()
				&& (!isForeign() || this.repair.times(now).pause().isOver(now));
	}

	/** Whether our pair has to be stored again. */
	boolean isToRestore(Instant now) {
		if (!repairs() || !this.current.isValid(now) || (this.stored.failure() != null && !isDamaged())) {
			return false;
		}
		CertificatePair other = other(now);
		return isDamaged() || isMissing() || (other != null && isForeign() && objection(other, now).isPresent());
	}

	private boolean isMissing() {
		return this.stored.pair() == null || this.stored.lacksAuthorities();
	}

	private boolean isDamaged() {
		return this.stored.failure() != null && this.stored.failure().kind() == Kind.STORE;
	}

	/** Whether the stored pair is one that no replica has stored, or that is not used. */
	boolean isToRepair(Instant now) {
		CertificatePair pair = pair();
		if (!repairs()) {
			return false;
		}
		CertificatePair other = other(now);
		if (isDamaged() || other != null) {
			return other == null || isDamaged() || !isAdoptable(other, now);
		}
		// At a start, whatever is stored is in use
		return this.stored.deficiency() != null || pair != null
				&& (isMissing() || (isForeign() && this.template != null && !this.current.accepts(this.template)));
	}

	/**
	 * Returns the repairs of all replicas once something is written.
	 * @param stored those that are stored
	 * @param pairChanges whether another pair is written
	 * @param now the current time
	 * @return their times
	 */
	public List<Instant> repairs(List<Instant> stored, boolean pairChanges, Instant now) {
		Repairs all = this.repair.all().and(stored, now);
		return ((pairChanges && isToRepair(now)) ? all.and(List.of(now), now) : all).times();
	}

	/** Whether another program keeps changing the stored pair. */
	public boolean isContested(Instant now) {
		return this.repair.times(now).isContested();
	}

	/** The pause before an attempt. */
	Pause pause(CertificateTemplate template, Instant now) {
		Pause pause = this.failures.pause(template);
		return !isToRepair(now) ? pause : switch (this.due.trigger()) {
			// A start waits for another pair
			case DAMAGED -> pause.or((this.stored.deficiency() != null) ? this.repair.times(now).longest()
					: this.repair.times(now).pause());
			case FIRST, TEMPLATE, EXPIRED, NOT_YET_VALID -> pause.or(this.repair.times(now).longest());
			case DEADLINE, REQUESTED, RESUMED -> pause;
		};
	}

	/** How a stored pair differs from a template that ours satisfies. */
	List<String> differences(CertificatePair stored, Instant now) {
		CertificateTemplate template = this.template;
		return (this.policy.keepsValidPair() || template == null || !this.current.isValid(now)
				|| !this.current.accepts(template)) ? List.of() : template.differences(stored.leaf());
	}

	/**
	 * Why another stored pair is not used. One that does not satisfy the template is not
	 * used while ours does, unless a replica stored it: two programs that want different
	 * things of one file would rotate without end.
	 */
	Optional<String> objection(CertificatePair stored, Instant now) {
		if (this.stored.issuerProblem() != null) {
			return Optional
				.of("is of an issuer that is not accepted here; it is not used: " + this.stored.issuerProblem());
		}
		if (!stored.isValid(now)) {
			return Optional.of("is not valid now; it is not used");
		}
		if (this.repair.wasReplaced(stored)) {
			return Optional.of("was replaced before; it is not used");
		}
		List<String> differences = (this.stored.deadline() != null) ? List.of() : differences(stored, now);
		return differences.isEmpty() ? Optional.empty()
				: Optional.of("does not match the template; it is not used: " + String.join("; ", differences));
	}

	/**
	 * The stored request that counts, unless it is about to be deleted, or answered:
	 * another program may have put its own pair in the place of the one in use.
	 */
	@Nullable PendingRequest storedRequest() {
		PendingRequest stored = this.stored.answeredBy(pair()) ? null : this.stored.unanswered();
		return (stored == null || isLeaving(stored)) ? null : stored;
	}

	boolean isLeaving(PendingRequest request) {
		return this.leaving.stream().anyMatch((leaving) -> leaving.isFor(request));
	}

	/** Whether the current pair is the answer to the pending request. */
	boolean isAnswered() {
		CertificatePair pair = pair();
		return this.pending != null && pair != null && !this.pending.request().isToReplace(pair)
				&& Reading.isKeyOf(this.pending.request(), pair);
	}

	/**
	 * Whether an earlier process, or another replica, has left a request that is to
	 * replace this very pair.
	 */
	boolean isLeftOver() {
		return this.pending != null && pair() != null && this.pending.sentAt() == null && !isAnswered()
				&& this.pending.request().request().template().equals(this.template) && isForThisPair(this.pending);
	}

	/**
	 * Whether a request is resumed as it is stored. Other replicas have the same one,
	 * whichever pair is current meanwhile.
	 */
	boolean isForThisPair(Pending pending) {
		return this.policy.shared() || pending.request().isToReplace(pair());
	}

	/** Whether an attempt for the request of another replica follows the grace time. */
	boolean isJoined() {
		return this.pending != null && this.grace != Pause.NONE;
	}

	/** The object for which an attempt waits, {@code null} if none does. */
	@Nullable String waitsForUid() {
		return (this.attempt != null && this.pending != null) ? this.pending.request().request().uid() : null;
	}

}
