package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;

/**
 * Conducts the attempts to rotate a certificate, one at a time. Used on the certificate's
 * lane only, except for {@link #request()}, {@link #isRequested()} and {@link #cancel()}.
 */
final class Attempts {

	private final RotationSettings settings;

	private final SerialExecutor lane;

	private final Delivery delivery;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	private final RotationLog log;

	private final Runnable changed;

	private volatile @Nullable Attempt attempt;

	/** The last template that was requested. */
	private @Nullable CertificateTemplate requested;

	/** In which no other template is requested. */
	private Pause settling = Pause.NONE;

	/**
	 * @param report to which the outcome of each attempt is added
	 * @param changed called on the lane when an attempt has made progress or has ended
	 */
	Attempts(RotationSettings settings, SerialExecutor lane, Delivery delivery, CurrentPair pair,
			PendingRequests pendingRequests, StatusReport report, Runnable changed) {
		this.settings = settings;
		this.lane = lane;
		this.delivery = delivery;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = new Failures(settings);
		this.forced = new ForcedRotations(settings, this.failures::demandedPause);
		this.report = report;
		this.log = new RotationLog(settings);
		this.changed = changed;
	}

	/**
	 * Gives up the attempt in progress if it is of no use, and begins one if it is due.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		reviewPair(template, now);
		giveUpOutdated(template, now);
		if (this.attempt != null || template == null) {
			return;
		}
		if (!template.equals(this.requested)) {
			this.failures.forgetAnswers();
		}
		if (!this.pair.deadline().isAfter(now) && pause(template).isOver(now)) {
			if (this.requested != null && !this.requested.equals(template)) {
				this.settling = Pause.of(now, this.settings.schedule().retry().interval());
			}
			this.requested = template;
			rotate(template, now);
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
			this.pendingRequests.dropIfAnswered(this.pair.get());
			if (!this.settings.once() && this.pendingRequests.isLeftOver(template, this.pair.get())) {
				this.pair.force(Trigger.RESUMED);
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
		Pause pause = pause(template);
		Instant due = this.pair.deadline();
		return Duration.between(now, (pause.isOver(now) || pause.end().isBefore(due)) ? due : pause.end());
	}

	/** In which no attempt begins. A template that never settles makes no storm. */
	private Pause pause(CertificateTemplate template) {
		Pause settling = template.equals(this.requested) ? Pause.NONE : this.settling;
		return settling.end().isAfter(this.failures.pause().end()) ? settling : this.failures.pause();
	}

	/** Requests a rotation, whatever the deadline. From any thread. */
	CompletableFuture<CertificatePair> request() {
		return this.forced.request(() -> this.lane.execute(() -> {
			this.log.requested();
			this.pair.force(Trigger.REQUESTED);
			this.failures.endPause();
			this.settling = Pause.NONE;
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
		endRequested((future) -> future.cancel(false));
	}

	void failRequested(Throwable cause) {
		endRequested((future) -> future.completeExceptionally(cause));
	}

	/**
	 * After the task that is running, so that those who wait find the status complete.
	 */
	private void endRequested(Consumer<CompletableFuture<CertificatePair>> completion) {
		Runnable end = this.forced.end(completion);
		this.lane.execute(() -> this.delivery.afterFollowers(end));
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
		if (template != null && !template.equals(attempt.request().template())
				&& !template.isSatisfiedBy((pair != null) ? pair.leaf() : null)) {
			cancel();
		}
		else if (!attempt.isAnswered()
				&& attempt.remaining(this.settings.schedule().waitTimeout()).compareTo(Duration.ZERO) <= 0) {
			cancel();
			failed(attempt, unanswered(attempt.request()), now);
		}
	}

	private RequestException unanswered(CertificateRequest request) {
		Duration timeout = this.settings.schedule().waitTimeout();
		String interruption = this.pendingRequests.submitted().map(SubmittedRequest::interruption).orElse("");
		return !interruption.isEmpty()
				? RequestException.unreachable(request.name(), request.signerName(), timeout, interruption)
				: (this.pendingRequests.confirmedName() != null)
						? RequestException.timedOut(request.name(), request.signerName(), timeout)
						: RequestException.unanswered(request.name(), request.signerName(), timeout);
	}

	/**
	 * Rotates: generates a key, unless the one of a pending request can be used; sends
	 * the request; waits for the certificate, without blocking; then checks the
	 * certificate, stores the pair and makes it current.
	 */
	private void rotate(CertificateTemplate template, Instant begin) {
		try {
			PendingRequest pending = this.pendingRequests.forTemplate(template, this.pair.get(), begin);
			CertificateSigner signer = signer(begin);
			this.pendingRequests.isSentTo(signer);
			Attempt attempt = new Attempt(pending, this.pair.trigger(begin), begin, signer.request(pending.request(),
					(submitted) -> this.lane.execute(() -> progressed(pending, submitted))));
			this.attempt = attempt;
			attempt.whenAnswered(() -> this.lane.execute(() -> conclude(attempt, (now) -> {
				List<X509Certificate> authorities = this.pendingRequests.submitted()
					.map(SubmittedRequest::authorities)
					.orElse(List.of());
				CertificatePair issued = this.settings.request()
					.check()
					.check(attempt.chain(), pending, authorities, now)
					.withAuthorities(authorities);
				List<String> additionalNames = template.additionalNames(issued.leaf());
				this.pair.replace(issued, template);
				this.log.rotated(issued, additionalNames, pending.request(), attempt.trigger(), this.pair.deadline());
				this.report.rotated(issued, additionalNames, attempt.trigger(), now);
				this.pendingRequests.drop();
				boolean dueAgain = !this.pair.deadline().isAfter(now);
				this.failures
					.succeeded(dueAgain ? Pause.of(now, this.settings.schedule().retry().interval()) : Pause.NONE);
				endRequested((future) -> future.complete(issued));
			})));
		}
		catch (Throwable ex) {
			failed(null, ex, begin);
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

	private void conclude(Attempt attempt, Conclusion conclusion) {
		if (attempt != this.attempt) {
			return;
		}
		this.attempt = null;
		Instant now = this.settings.clock().instant();
		try {
			conclusion.at(now);
		}
		catch (Throwable ex) {
			failed(attempt, ex, now);
		}
		finally {
			this.changed.run();
		}
	}

	/** The one place where a failure is counted, logged and published. */
	private void failed(@Nullable Attempt attempt, Throwable cause, Instant now) {
		CertificateRequest request = (attempt != null) ? attempt.request() : null;
		if (cause instanceof RequestException lost && lost.kind() == Kind.LOST && request != null
				&& request.uid() != null) {
			this.pendingRequests.drop();
			this.log.lost(request, lost);
			return;
		}
		RotationFailure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, (attempt != null) ? attempt.trigger() : this.pair.trigger(now));
		this.pendingRequests.failed(failure.kind(), cause);
		this.lane.execute(() -> this.delivery.deliver((listener) -> listener.failed(this.settings.name(), failure)));
		failRequested(cause);
	}

	/** The request whose answer is waited for, {@code null} if there is none. */
	@Nullable CertificateRequest pending() {
		PendingRequest pending = this.pendingRequests.current();
		return (this.attempt != null && pending != null) ? pending.request() : null;
	}

	@FunctionalInterface
	private interface Conclusion {

		void at(Instant now) throws Throwable;

	}

}
