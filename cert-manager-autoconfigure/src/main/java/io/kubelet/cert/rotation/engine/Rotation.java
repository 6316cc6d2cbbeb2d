package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.internal.Pause;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Rotates the certificate, one attempt at a time: {@link #review} decides whether one is
 * due, and {@link #rotate} makes it. Used on the certificate's serial executor only,
 * except for {@link #cancel()}.
 */
final class Rotation {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final CurrentPair pair;

	private final Due due;

	private final PendingRequests pendingRequests;

	private final NewRequests newRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	/** Called when an attempt progresses or ends. */
	private final Runnable reconcile;

	private volatile @Nullable Attempt attempt;

	/** Why the last attempt was due. */
	private Trigger trigger = Trigger.FIRST;

	Rotation(RotationSettings settings, SerialExecutor serial, CurrentPair pair, PendingRequests pendingRequests,
			NewRequests newRequests, Failures failures, ForcedRotations forced, StatusReport report,
			Runnable reconcile) {
		this.settings = settings;
		this.serial = serial;
		this.pair = pair;
		this.due = pair.due();
		this.pendingRequests = pendingRequests;
		this.newRequests = newRequests;
		this.failures = failures;
		this.forced = forced;
		this.report = report;
		this.reconcile = reconcile;
	}

	/** Gives up an attempt that is of no use, and begins one if a rotation is due. */
	void review(@Nullable CertificateTemplate template, Instant now) {
		reviewPair(template, now);
		if (this.settings.off()) {
			return;
		}
		reviewAttempt(template, now);
		follow(template, now);
		if (this.attempt != null || template == null) {
			return;
		}
		this.failures.noteWanted(template);
		boolean due = !this.due.deadline().isAfter(now) && pause(template).isOver(now);
		if (this.pendingRequests.moment().isOver(now) && (due || this.pendingRequests.isNext())) {
			this.failures.noteRequested(template, now);
			this.trigger = this.due.trigger();
			try {
				rotate(template, now);
			}
			catch (Throwable ex) {
				cancel();
				fail(ex, now);
			}
		}
	}

	/** In which no attempt begins. */
	private Pause pause(CertificateTemplate template) {
		return this.failures.pause(template).orLonger(this.pair.repair().pause(this.due.trigger()));
	}

	/** Notes whether a rotation is due. It never is if rotation is off. */
	void reviewPair(@Nullable CertificateTemplate template, Instant now) {
		this.failures.found(this.pair.get(), now);
		if (this.settings.off()) {
			return;
		}
		if (this.attempt == null) {
			this.pendingRequests.removeIfAnswered(this.pair.get(), this.pair.heldSince(), now);
			if (!this.settings.keepsValidPair() && this.pendingRequests.isLeftOver(template, this.pair.get())) {
				this.due.demand(Trigger.RESUMED);
			}
		}
		if (this.due.review(this.pair.get(), template, now)) {
			this.failures.endRow();
			this.report.endFailures();
			if (this.attempt == null) {
				this.pendingRequests.giveUp();
			}
		}
	}

	/** Gives up an attempt whose certificate is not wanted. It may be resumed. */
	private void reviewAttempt(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.attempt;
		CertificatePair pair = this.pair.get();
		if (attempt != null && template != null && !this.pendingRequests.isFor(attempt.request(), template)
				&& (this.trigger == Trigger.TEMPLATE || pair == null || !pair.isValid(now)
						|| !template.isSatisfiedBy(pair.leaf()))) {
			cancel();
			this.pendingRequests.giveUp();
		}
	}

	/** Joins the request that another replica has stored, if there is one. */
	private void follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest last = this.pendingRequests.current();
		if (this.pendingRequests.follow(template, !this.due.deadline().isAfter(now), now)) {
			cancel();
			this.trigger = Trigger.RESUMED;
			if (template != null) {
				this.failures.noteRequested(template, now);
			}
		}
		else if (this.attempt == null && last != null && this.pendingRequests.isWithdrawn(now)) {
			fail(RequestException.withdrawn(last.request().name(), last.request().signerName()), now);
		}
	}

	/**
	 * Generates a key, requests a certificate for it, waits for the answer, checks it,
	 * stores the pair and makes it current. A pending request is resumed.
	 */
	private void rotate(CertificateTemplate template, Instant now) {
		CertificatePair current = this.pair.get();
		PendingRequest pending = this.pendingRequests.resume(template, current, now);
		if (pending == null) {
			pending = this.newRequests.create(template, current);
			if (!this.pendingRequests.store(pending, now)) {
				this.serial.execute(this.reconcile);
				return;
			}
		}
		PendingRequest request = pending;
		CompletableFuture<List<X509Certificate>> answer = this.pendingRequests.send(request, current, now,
				(submitted) -> this.serial.execute(() -> progressed(request, submitted)));
		Attempt attempt = new Attempt(request, template, answer);
		this.attempt = attempt;
		Runnable cancelLimit = limit(attempt, now);
		answer.whenComplete((chain, failure) -> {
			cancelLimit.run();
			this.serial.execute(() -> end(attempt, failure, (end) -> {
				CertificatePair issued = this.settings.check()
					.check(chain, request, this.pendingRequests.authorities(), end);
				if (this.pendingRequests.storeAnswer(issued, request)) {
					this.pair.use(issued, request, template, this.pendingRequests.ahead());
					succeeded(issued, request, end);
				}
			}));
		});
	}

	/** Ends the attempt if no answer has come in time. */
	private Runnable limit(Attempt attempt, Instant begin) {
		Duration limit = this.settings.schedule().waitTimeout();
		Runnable cancelLook = this.pendingRequests.lookBefore(limit, this.pair.get(), begin);
		Runnable cancelEnd = this.settings.resources().scheduler().schedule(() -> this.serial.execute(() -> {
			if (!attempt.answer().isDone()) {
				end(attempt, null, (now) -> {
					throw RequestException.unanswered(attempt.request().request(), this.pendingRequests.submitted(),
							limit);
				});
			}
		}), limit);
		return () -> {
			cancelLook.run();
			cancelEnd.run();
		};
	}

	/** Ends the attempt with a failure, or else with a step, unless it was given up. */
	private void end(Attempt attempt, @Nullable Throwable failure, Consumer<Instant> step) {
		if (attempt != this.attempt) {
			return;
		}
		cancel();
		Instant now = this.settings.clock().instant();
		Throwable problem = (failure instanceof CompletionException) ? failure.getCause() : failure;
		if (problem == null) {
			try {
				step.accept(now);
			}
			catch (Throwable ex) {
				problem = ex;
			}
		}
		if (problem != null && !this.pendingRequests.looksAgain(problem, now)) {
			fail(problem, now);
		}
		// Not reached if fail() throws: the next attempt is then left to the timer
		this.reconcile.run();
	}

	private void succeeded(CertificatePair issued, PendingRequest pending, Instant now) {
		List<String> added = pending.request().template().additionalNames(issued.leaf());
		RotationLog.rotated(this.settings, issued, added, pending.request(), this.trigger, this.due.deadline());
		this.due.reportAtOnce(issued, true);
		answered(issued, added, now);
		this.pendingRequests.remove();
	}

	/** Another process has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		if (this.pendingRequests.isAnsweredBy(pair)) {
			cancel();
			RotationLog.storedByReplica(this.settings, pair, this.trigger);
			answered(pair, List.of(), now);
		}
		else {
			this.failures.endRow();
			this.report.adopted(pair, now);
		}
	}

	/** The pending request is answered with the pair that is current now. */
	private void answered(CertificatePair pair, List<String> additionalNames, Instant now) {
		this.report.rotated(pair, additionalNames, this.trigger, now);
		this.failures.succeeded(this.due.atOnce(), now);
		this.forced.end((future) -> future.complete(pair));
	}

	private void fail(Throwable cause, Instant now) {
		CertificateStatus.Failure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, this.trigger);
		if (this.pendingRequests.failed(failure.kind(), cause)) {
			this.due.end(Trigger.RESUMED);
		}
		this.forced.end((future) -> future.completeExceptionally(cause));
	}

	private void progressed(PendingRequest pending, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt != null && attempt.request() == pending) {
			this.report.accepted(submitted.interruption().isEmpty());
			this.pendingRequests.confirm(submitted);
			this.reconcile.run();
		}
	}

	/** Whether an answer is waited for. */
	boolean isInProgress() {
		return this.attempt != null;
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
		if (this.attempt != null || template == null || this.settings.off()) {
			return this.settings.idleCheck();
		}
		Pause moment = this.pendingRequests.moment();
		return Duration.between(now,
				!moment.isOver(now) ? moment.end() : pause(template).earliest(this.due.deadline(), now));
	}

	/** An attempt to have a request answered, since a template is wanted. */
	private record Attempt(PendingRequest request, CertificateTemplate template,
			CompletableFuture<List<X509Certificate>> answer) {

	}

}
