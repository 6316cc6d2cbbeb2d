package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore.ConflictException;
import org.jspecify.annotations.Nullable;

/**
 * Rotates the certificate, one attempt at a time. {@link #review} decides whether one is
 * due: at the deadline of the pair, unless a failure demands a pause, or when another
 * replica has stored a request. {@link #begin} generates a key and requests a
 * certificate, no thread waits for the answer, and {@link #succeed} checks the
 * certificate, stores it and makes it current. Used on the certificate's serial executor
 * only, except for {@link #cancel()}.
 */
final class Rotation {

	/** How much earlier another replica may request for the same deadline. */
	private static final Duration SAME_DEADLINE = Duration.ofMinutes(1);

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	private final Runnable reconcile;

	private volatile @Nullable Attempt attempt;

	/** Why the last attempt was due. */
	private Trigger trigger = Trigger.FIRST;

	/** With other replicas, in a row. */
	private int conflicts;

	/**
	 * @param reconcile called on the serial executor when an attempt progresses or ends
	 */
	Rotation(RotationSettings settings, SerialExecutor serial, CurrentPair pair, PendingRequests pendingRequests,
			Failures failures, ForcedRotations forced, StatusReport report, Runnable reconcile) {
		this.settings = settings;
		this.serial = serial;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = failures;
		this.forced = forced;
		this.report = report;
		this.reconcile = reconcile;
	}

	/**
	 * Takes over what other processes have stored, gives up the attempt in progress if it
	 * is of no use, and begins one if it is due.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		reviewPair(template, now);
		reviewAttempt(template, now);
		follow(template, now);
		if (this.attempt != null || template == null || this.settings.off()) {
			return;
		}
		this.failures.noteWanted(template);
		boolean due = !this.pair.deadline().isAfter(now) && this.failures.pause(template).isOver(now);
		if (this.pendingRequests.joining().moment().isOver(now) && (due || this.pendingRequests.isNext())) {
			this.failures.noteRequested(template, now);
			begin(template, now);
		}
	}

	/** Notes whether a rotation is due. It never is if rotation is off. */
	void reviewPair(@Nullable CertificateTemplate template, Instant now) {
		this.failures.found(this.pair.get(), now);
		if (this.settings.off()) {
			return;
		}
		if (this.attempt == null) {
			this.pendingRequests.dropIfAnswered(this.pair.get(), this.pair.heldSince(), now);
			if (!this.settings.once() && this.pendingRequests.isLeftOver(template, this.pair.get())) {
				this.pair.makeDue(this.pendingRequests.isNext() ? this.trigger : Trigger.RESUMED);
			}
		}
		this.pair.review(template, now);
	}

	/**
	 * Gives up the attempt in progress if it is of no use, or has taken too long. It is
	 * looked at and given up in one step, so that no answer comes between.
	 */
	private void reviewAttempt(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		if (attempt == null) {
			return;
		}
		attempt.timeIs(now);
		Duration timeout = this.settings.schedule().waitTimeout();
		CertificatePair pair = this.pair.get();
		if (template != null && !this.pendingRequests.isFor(attempt.pending(), template)
				&& !template.isSatisfiedBy((pair != null) ? pair.leaf() : null)) {
			cancel();
		}
		else if (!attempt.answer().isDone() && attempt.remaining(timeout).compareTo(Duration.ZERO) <= 0) {
			cancel();
			fail(attempt, attempt.unanswered(this.pendingRequests.submitted(), timeout), now);
		}
	}

	/** Joins the request that another replica has stored, if there is one. */
	private void follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest last = this.pendingRequests.current();
		if (this.settings.off() || !this.pendingRequests.areShared()) {
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
				RotationLog.joined(this.settings, joined.request(), joined.request().template().equals(template));
			}
		}
		else if (this.attempt == null && last != null && this.pendingRequests.isWithdrawn(now)) {
			fail(null, RequestException.withdrawn(last.request().name(), last.request().signerName()), now);
		}
	}

	/**
	 * Begins an attempt: generates a key and stores its request, unless there is a
	 * pending one, sends it, and has the answer come back to the serial executor.
	 */
	private void begin(CertificateTemplate template, Instant now) {
		try {
			PendingRequest pending = this.pendingRequests.forTemplate(template, this.pair.get(), now);
			this.conflicts = 0;
			this.trigger = this.pair.trigger(now);
			Attempt attempt = new Attempt(pending, template, now, this.pendingRequests.send(pending, this.pair.get(),
					now, (submitted) -> this.serial.execute(() -> progressed(pending, submitted))));
			this.attempt = attempt;
			attempt.answer().whenComplete((chain, failure) -> this.serial.execute(() -> answered(attempt)));
		}
		catch (Throwable ex) {
			if (ex instanceof ConflictException && ++this.conflicts < LastStored.MOST_CONFLICTS) {
				// Another replica was faster, and is followed
				this.pendingRequests.joining().giveTime(now);
				this.serial.execute(this.reconcile);
			}
			else {
				this.conflicts = 0;
				fail(null, ex, now);
			}
		}
	}

	private void answered(Attempt attempt) {
		if (attempt != this.attempt) {
			return;
		}
		this.attempt = null;
		Instant now = this.settings.clock().instant();
		try {
			succeed(attempt, now);
		}
		catch (Throwable ex) {
			fail(attempt, ex, now);
		}
		// Not reached if fail() throws: without a pause, the next attempt is left to the
		// timer
		this.reconcile.run();
	}

	/**
	 * Checks the answer, stores the pair and makes it current, unless another replica has
	 * done so, which the next review finds.
	 */
	private void succeed(Attempt attempt, Instant now) throws Throwable {
		PendingRequest pending = attempt.pending();
		SubmittedRequest submitted = this.pendingRequests.submitted();
		List<X509Certificate> authorities = (submitted != null) ? submitted.authorities() : List.of();
		CertificatePair issued = this.settings.check()
			.check(attempt.chain(), pending, authorities, now)
			.withAuthorities(authorities);
		if (!this.pair.replace(issued, pending, this.pendingRequests.endWithAnswer(), attempt.template())) {
			return;
		}
		List<String> additionalNames = pending.request().template().additionalNames(issued.leaf());
		RotationLog.rotated(this.settings, issued, additionalNames, pending.request(), this.trigger,
				this.pair.deadline());
		boolean dueAgain = !this.pair.deadline().isAfter(now);
		end(issued, additionalNames, dueAgain ? Pause.of(now, this.settings.schedule().retry().interval()) : Pause.NONE,
				now);
		this.pendingRequests.drop();
	}

	/** Another process has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		if (this.pendingRequests.isAnsweredElsewhere(pair)) {
			cancel();
			RotationLog.storedByReplica(this.settings, pair, this.trigger);
			end(pair, List.of(), Pause.NONE, now);
			this.pendingRequests.forget();
		}
		else {
			this.failures.adopted();
			this.report.adopted(pair, now);
		}
	}

	/** The pending request is answered with the pair that is current now. */
	private void end(CertificatePair pair, List<String> additionalNames, Pause pause, Instant now) {
		this.pendingRequests.answered();
		this.report.rotated(pair, additionalNames, this.trigger, now);
		this.failures.succeeded(pause);
		this.forced.end((future) -> future.complete(pair));
	}

	/**
	 * Ends an attempt, unless another request takes the place of one that is lost.
	 * @param attempt that failed, {@code null} if there was none
	 */
	private void fail(@Nullable Attempt attempt, Throwable cause, Instant now) {
		if (attempt != null && cause instanceof RequestException ex && ex.kind() == Kind.LOST
				&& this.pendingRequests.isReplaced(attempt, ex, now)) {
			return;
		}
		CertificateStatus.Failure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, (attempt != null) ? this.trigger : this.pair.trigger(now));
		this.pendingRequests.failed(failure.kind(), cause);
		if (this.pendingRequests.areShared() && this.pendingRequests.current() == null) {
			this.pair.endResumption();
		}
		this.forced.end((future) -> future.completeExceptionally(cause));
	}

	private void progressed(PendingRequest pending, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt != null && attempt.pending() == pending) {
			this.report.accepted(submitted.interruption().isEmpty());
			this.pendingRequests.confirm(submitted);
			this.reconcile.run();
		}
	}

	/** The request whose answer is waited for, {@code null} if there is none. */
	@Nullable CertificateRequest pending() {
		PendingRequest pending = this.pendingRequests.current();
		return (this.attempt != null && pending != null) ? pending.request() : null;
	}

	/** From any thread. */
	void cancel() {
		Attempt attempt = this.attempt;
		this.attempt = null;
		if (attempt != null) {
			attempt.answer().cancel(true);
		}
	}

	/** How long nothing will be due here after a review, unless something happens. */
	Duration untilDue(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		if (attempt != null) {
			return attempt.answer().isDone() ? this.settings.idleCheck()
					: attempt.remaining(this.settings.schedule().waitTimeout());
		}
		if (template == null || this.settings.off()) {
			return this.settings.idleCheck();
		}
		Pause moment = this.pendingRequests.joining().moment();
		return Duration.between(now,
				!moment.isOver(now) ? moment.end() : this.failures.pause(template).earliest(this.pair.deadline(), now));
	}

}
