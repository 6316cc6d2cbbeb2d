package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import io.kubelet.cert.rotation.execution.SerialExecutor;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Conducts the attempts to rotate a certificate, one at a time. Used on the certificate's
 * serial executor only, except for {@link #request()}, {@link #isRequested()} and
 * {@link #cancel()}.
 */
final class Attempts {

	/** How much earlier another replica may request for the same deadline. */
	private static final Duration SAME_DEADLINE = Duration.ofMinutes(1);

	/** So many conflicts in a row are not those with other replicas. */
	private static final int MOST_CONFLICTS = 5;

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	private final Outcomes outcomes;

	private final RotationLog log;

	private final Runnable changed;

	private volatile @Nullable Attempt attempt;

	private int conflicts;

	/** That of the last attempt. */
	private Trigger trigger = Trigger.FIRST;

	/**
	 * @param report to which the outcome of each attempt is added
	 * @param changed called on the serial executor after progress or the end of an
	 * attempt
	 */
	Attempts(RotationSettings settings, SerialExecutor serial, Delivery delivery, CurrentPair pair,
			PendingRequests pendingRequests, StatusReport report, Runnable changed) {
		this.settings = settings;
		this.serial = serial;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = new Failures(settings);
		this.forced = new ForcedRotations(settings, serial, delivery, this.failures::demandedPause);
		this.report = report;
		this.outcomes = new Outcomes(settings, serial, delivery, pair, pendingRequests, this.failures, this.forced,
				report);
		this.log = new RotationLog(settings);
		this.changed = changed;
	}

	/**
	 * Gives up the attempt in progress if it is of no use, and begins one if it is due.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		reviewPair(template, now);
		giveUpOutdated(template, now);
		follow(template, now);
		if (this.attempt != null || template == null || areOff()) {
			return;
		}
		this.failures.noteWanted(template);
		boolean due = !this.pair.deadline().isAfter(now) && this.failures.pause(template).isOver(now);
		Joining joining = this.pendingRequests.joining();
		if (joining.meanwhile().isOver(now) && (due || joining.isNext())) {
			this.failures.noteRequested(template, now);
			rotate(template, now);
		}
	}

	/** Joins the request that another replica has stored, if there is one. */
	private void follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest last = this.pendingRequests.current();
		if (areOff() || !this.pendingRequests.areShared()) {
			return;
		}
		if (this.pendingRequests.follow(template, now)) {
			cancel();
			this.trigger = this.pair.deadline().isAfter(now.plus(SAME_DEADLINE)) ? Trigger.RESUMED
					: this.pair.trigger(now);
			PendingRequest joined = this.pendingRequests.current();
			if (template != null) {
				this.failures.noteRequested(template, now);
			}
			if (joined != null) {
				this.log.joined(joined.request(), joined.request().template().equals(template));
			}
		}
		else if (this.attempt == null && last != null && this.pendingRequests.isWithdrawn(now)) {
			this.outcomes.failed(null, RequestException.withdrawn(last.request().name(), last.request().signerName()),
					now);
		}
	}

	/** Another process has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		if (this.outcomes.adopted(pair, this.trigger, now)) {
			cancel();
		}
	}

	/** Notes whether a rotation is due. It never is if rotation is off. */
	void reviewPair(@Nullable CertificateTemplate template, Instant now) {
		this.failures.found(this.pair.get(), now);
		if (areOff()) {
			return;
		}
		if (isRequested()) {
			// A pair that was adopted meanwhile is not what was asked for
			this.pair.force(Trigger.REQUESTED);
		}
		if (this.attempt == null) {
			this.pendingRequests.dropIfAnswered(this.pair.get(), this.pair.heldSince(), now);
			if (!this.settings.once() && this.pendingRequests.isLeftOver(template, this.pair.get())) {
				this.pair.force(this.pendingRequests.joining().isNext() ? this.trigger : Trigger.RESUMED);
			}
		}
		this.pair.review(template, now);
	}

	/** Whether rotation is off. From any thread. */
	boolean areOff() {
		return this.settings.signers() == null;
	}

	/** Shortens the pauses, because the application waits for its first certificate. */
	void awaitedUntil(Instant now, Duration timeout) {
		this.failures.awaitedUntil(now, now.plus(timeout));
	}

	/** How long nothing will be due here after a review, unless something happens. */
	Duration untilDue(@Nullable CertificateTemplate template, Instant now, Duration longest) {
		Attempt attempt = this.attempt;
		if (attempt != null) {
			return attempt.isAnswered() ? longest : attempt.remaining(this.settings.schedule().waitTimeout());
		}
		if (template == null || areOff()) {
			return longest;
		}
		Pause meanwhile = this.pendingRequests.joining().meanwhile();
		if (!meanwhile.isOver(now)) {
			return Duration.between(now, meanwhile.end());
		}
		Pause pause = this.failures.pause(template);
		Instant due = this.pair.deadline();
		return Duration.between(now, (pause.isOver(now) || pause.end().isBefore(due)) ? due : pause.end());
	}

	/** Requests a rotation, whatever the deadline. From any thread. */
	CompletableFuture<CertificatePair> request() {
		return this.forced.request(() -> this.serial.execute(() -> {
			this.log.requested();
			this.pair.force(Trigger.REQUESTED);
			this.failures.endPause();
			this.changed.run();
		}));
	}

	/** Whether a rotation was requested and has not ended. From any thread. */
	boolean isRequested() {
		return this.forced.isRequested();
	}

	/** From any thread. */
	void cancel() {
		Attempt attempt = this.attempt;
		this.attempt = null;
		if (attempt != null) {
			attempt.cancel();
		}
	}

	void cancelRequested() {
		this.forced.end((future) -> future.cancel(false));
	}

	void failRequested(Throwable cause) {
		this.forced.end((future) -> future.completeExceptionally(cause));
	}

	/**
	 * The attempt is looked at and given up in one step, so that no answer comes between.
	 */
	private void giveUpOutdated(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		if (attempt == null) {
			return;
		}
		attempt.timeIs(now);
		CertificatePair pair = this.pair.get();
		if (template != null && !this.pendingRequests.isFor(attempt.pending(), template)
				&& !template.isSatisfiedBy((pair != null) ? pair.leaf() : null)) {
			cancel();
		}
		else if (!attempt.isAnswered()
				&& attempt.remaining(this.settings.schedule().waitTimeout()).compareTo(Duration.ZERO) <= 0) {
			cancel();
			this.outcomes.failed(attempt, attempt.unanswered(this.pendingRequests.submitted().orElse(null),
					this.settings.schedule().waitTimeout()), now);
		}
	}

	/**
	 * Rotates: generates a key, unless the one of a pending request can be used; sends
	 * the request; waits for the certificate, without blocking; then
	 * {@link Outcomes#succeeded} checks it, stores the pair and makes it current.
	 */
	private void rotate(CertificateTemplate template, Instant begin) {
		try {
			PendingRequest pending = this.pendingRequests.forTemplate(template, this.pair.get(), begin);
			this.conflicts = 0;
			this.trigger = this.pair.trigger(begin);
			Attempt attempt = new Attempt(pending, this.trigger, begin, this.pendingRequests.send(signer(begin),
					pending, (submitted) -> this.serial.execute(() -> progressed(pending, submitted))));
			this.attempt = attempt;
			attempt.whenAnswered(() -> this.serial.execute(() -> answered(attempt, template)));
		}
		catch (CertificateStore.ConflictException ex) {
			// Another replica was faster, and is followed, unless something else is wrong
			if (++this.conflicts == MOST_CONFLICTS) {
				this.conflicts = 0;
				this.outcomes.failed(null, ex, begin);
			}
			this.pendingRequests.joining().giveTime(begin);
			this.serial.execute(this.changed);
		}
		catch (Throwable ex) {
			this.outcomes.failed(null, ex, begin);
		}
	}

	private CertificateSigner signer(Instant now) {
		CertificatePair current = this.pair.get();
		return Objects.requireNonNull(this.settings.signers())
			.signer((current != null && current.isValid(now)) ? current : null);
	}

	private void progressed(PendingRequest pending, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt != null && attempt.pending() == pending) {
			this.report.accepted(submitted.interruption().isEmpty());
			this.pendingRequests.confirm(submitted);
			this.changed.run();
		}
	}

	private void answered(Attempt attempt, CertificateTemplate template) {
		if (attempt != this.attempt) {
			return;
		}
		this.attempt = null;
		Instant now = this.settings.clock().instant();
		try {
			this.outcomes.succeeded(attempt, template, now);
		}
		catch (Throwable ex) {
			this.outcomes.failed(attempt, ex, now);
		}
		finally {
			this.changed.run();
		}
	}

	/** The request whose answer is waited for, {@code null} if there is none. */
	@Nullable CertificateRequest pending() {
		PendingRequest pending = this.pendingRequests.current();
		return (this.attempt != null && pending != null) ? pending.request() : null;
	}

}
