package io.kubelet.cert.rotation.core;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.core.Pending.Leaving;
import org.jspecify.annotations.Nullable;

/**
 * All that is known of one certificate.
 *
 * @param policy what does not change
 * @param template the names that the certificate must contain, {@code null} while they
 * are not known
 * @param waitingFor what has to become known before that, {@code null} if that is unknown
 * @param stored what the store held when it was read or written last
 * @param repair repairs of what somebody else has stored for all replicas
 * @param storeProblem why the stored pair is not used although the current one is not
 * stored, {@code null} if nothing is wrong
 * @param current the pair in use
 * @param due whether a rotation is due before its deadline
 * @param dueAtOnce the certificates in a row whose rotation was due when they came
 * @param requested whether a caller waits for a rotation
 * @param pending the pending request, {@code null} if there is none
 * @param attempt the attempt that waits for its answer, {@code null} if none does
 * @param lastTrigger why the last attempt was due
 * @param leaving the requests that are over and not deleted yet
 * @param others what other replicas have begun
 * @param failures the failures in a row, and the pause after them
 * @param lastTemplate the template that was requested last, {@code null} if none was
 * @param settling in which no other template is requested, so that one that never settles
 * does not cause a storm of requests
 * @param required whether the application has had no certificate yet, and does not start
 * without
 * @param awaitedUntil when the application gives up, the end of time until it waits
 * @param past what has happened
 * @param notices what was reported
 */
public record State(Policy policy, @Nullable CertificateTemplate template, @Nullable String waitingFor, Reading stored,
		Repair repair, @Nullable String storeProblem, Current current, DueRotation due, DueRotation.AtOnce dueAtOnce,
		boolean requested, @Nullable Pending pending, @Nullable Attempt attempt, Trigger lastTrigger,
		List<Leaving> leaving, Others others, Failures failures, @Nullable CertificateTemplate lastTemplate,
		Pause settling, boolean required, Instant awaitedUntil, Past past, Notices notices) {

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

	/**
	 * Returns whether a replica has stored the pair that is read, and none has replaced
	 * it.
	 * @param reading what was read
	 * @param now the current time
	 * @return {@code false} also if there is no pair
	 */
	public boolean isByReplica(Reading reading, Instant now) {
		CertificatePair pair = reading.pair();
		return pair != null && reading.deadline() != null && !this.repair.wasReplaced(pair) && !isOutlived(pair, now);
	}

	/**
	 * Whether a pair has expired that begins before ours, which replaced it, seen or not.
	 * One that begins later may have expired only by a clock that is ahead.
	 */
	private boolean isOutlived(CertificatePair other, Instant now) {
		CertificatePair ours = pair();
		return ours != null && other.isExpired(now) && other.notBefore().isBefore(ours.notBefore());
	}

	/** Whether another program keeps changing the stored pair. */
	public boolean isContested(Instant now) {
		return this.repair.times(now).isContested();
	}

	/**
	 * The stored request that counts, unless it is about to be deleted, or answered:
	 * another program may have put its own pair in the place of the one in use.
	 */
	@Nullable PendingRequest storedRequest() {
		PendingRequest stored = this.stored.unanswered();
		return (stored == null || stored.isAnsweredBy(pair()) || isLeaving(stored)) ? null : stored;
	}

	boolean isLeaving(PendingRequest request) {
		return this.leaving.stream().anyMatch((leaving) -> leaving.isFor(request));
	}

	/** Whether the current pair is the answer to the pending request. */
	boolean isAnswered() {
		return this.pending != null && !this.pending.request().isToReplace(pair())
				&& this.pending.request().isAnsweredBy(pair());
	}

	/**
	 * Whether an earlier process has left a request that is to replace this very pair, or
	 * another replica one for the same signer, which all have, whichever pair is current.
	 */
	boolean isLeftOver() {
		if (this.pending == null || pair() == null || this.pending.sentAt() != null || isAnswered()) {
			return false;
		}
		PendingRequest request = this.pending.request();
		return request.request().template().equals(this.template)
				&& (this.policy.shared() ? this.policy.isForOurSigner(request) : request.isToReplace(pair()));
	}

	/** Whether an attempt for the request of another replica follows the grace time. */
	boolean hasGivenTime() {
		return this.pending != null && this.others.grace() != Pause.NONE;
	}

	/** The pause before an attempt for a template. */
	Pause pause(CertificateTemplate template) {
		Pause pause = this.failures.pause();
		return template.equals(this.lastTemplate) ? pause : pause.or(this.settling);
	}

	/** The request for which an attempt waits, {@code null} if none does. */
	public @Nullable Pending attempted() {
		return (this.attempt != null) ? this.pending : null;
	}

}
