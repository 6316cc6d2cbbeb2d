package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationFailure;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Conducts the attempts to rotate a certificate, one at a time. Used on the certificate's
 * lane only, except for {@link #request()}, {@link #isRequested()} and {@link #cancel()}.
 */
final class Attempts {

	private static final Logger logger = LoggerFactory.getLogger(Attempts.class);

	private final RotationSettings settings;

	private final SerialExecutor lane;

	private final Delivery delivery;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

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
				this.settling = Pause.of(now, this.settings.retry().interval());
			}
			this.requested = template;
			begin(template, now);
		}
	}

	/** Notes whether a rotation is due. It never is if rotation is off. */
	void reviewPair(@Nullable CertificateTemplate template, Instant now) {
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

	/** How long nothing will be due here after a review, unless something happens. */
	Duration untilDue(@Nullable CertificateTemplate template, Instant now, Duration longest) {
		Attempt attempt = this.attempt;
		if (attempt != null) {
			return attempt.isAnswered() ? longest : attempt.remaining(this.settings.waitTimeout());
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
			this.settings.about(logger.atInfo()).log("[{}] A rotation is requested", this.settings.name());
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
				&& attempt.remaining(this.settings.waitTimeout()).compareTo(Duration.ZERO) <= 0) {
			cancel();
			failed(attempt, unanswered(attempt.request()), now);
		}
	}

	private RequestException unanswered(CertificateRequest request) {
		return (this.pendingRequests.confirmedName() != null)
				? RequestException.timedOut(request.name(), request.signerName(), this.settings.waitTimeout())
				: RequestException.unanswered(request.name(), request.signerName(), this.settings.waitTimeout());
	}

	private void begin(CertificateTemplate template, Instant now) {
		try {
			CertificatePair current = this.pair.get();
			PendingRequest pending = this.pendingRequests.forTemplate(template, current, now);
			CertificateRequest request = pending.request();
			Attempt attempt = new Attempt(pending, this.pair.trigger(now), now,
					Objects.requireNonNull(this.settings.signers())
						.signer((current != null && current.isValid(now)) ? current : null)
						.request(request, (submitted) -> this.lane.execute(() -> progressed(request, submitted))));
			attempt.whenAnswered((chain, failure) -> this.lane.execute(() -> ended(attempt, chain, failure)));
			this.attempt = attempt;
		}
		catch (Throwable ex) {
			failed(null, ex, now);
		}
	}

	private void progressed(CertificateRequest request, SubmittedRequest submitted) {
		Attempt attempt = this.attempt;
		if (attempt != null && attempt.request() == request) {
			this.report.accepted();
			this.pendingRequests.confirm(submitted);
			this.changed.run();
		}
	}

	private void ended(Attempt attempt, @Nullable List<X509Certificate> chain, @Nullable Throwable failure) {
		if (attempt != this.attempt) {
			return;
		}
		this.attempt = null;
		Instant now = this.settings.clock().instant();
		try {
			if (chain != null) {
				issued(attempt, chain, now);
			}
			else {
				failed(attempt, (failure != null) ? failure : new IllegalStateException("No answer"), now);
			}
		}
		catch (Throwable ex) {
			failed(attempt, ex, now);
		}
		finally {
			this.changed.run();
		}
	}

	private void issued(Attempt attempt, List<X509Certificate> chain, Instant now) {
		CertificateRequest request = attempt.request();
		CertificatePair issued = this.settings.check().check(chain, attempt.pending(), now);
		List<String> additionalNames = request.template().additionalNames(issued.leaf());
		this.pair.replace(issued, request.template());
		this.settings.about(logger.atInfo(), issued)
			.addKeyValue("kubelet.cert.request", request.name())
			.addKeyValue("kubelet.cert.signer", request.signerName())
			.addKeyValue("kubelet.cert.trigger", attempt.trigger())
			.log("[{}] {}: serial number {}, valid until {}, next rotation {} (request {} to signer {})",
					this.settings.name(), inWords(attempt.trigger()), issued.serialNumber(), issued.notAfter(),
					this.settings.once() ? "none, because rotation is off"
							: this.pair.deadline().truncatedTo(ChronoUnit.SECONDS),
					request.name(), request.signerName());
		if (!additionalNames.isEmpty()) {
			this.settings.about(logger.atWarn(), issued)
				.log("[{}] The certificate has names that were not requested: {}. Peers accept the application under these names too. If they are not meant, have the signer leave them out",
						this.settings.name(), additionalNames);
		}
		this.report.rotated(issued, additionalNames, attempt.trigger(), now);
		this.pendingRequests.drop();
		boolean dueAgain = !this.pair.deadline().isAfter(now);
		this.failures.succeeded(dueAgain ? Pause.of(now, this.settings.retry().interval()) : Pause.NONE);
		endRequested((future) -> future.complete(issued));
	}

	private static String inWords(Trigger trigger) {
		return switch (trigger) {
			case FIRST -> "Obtained the first certificate";
			case DEADLINE -> "Rotated at the deadline";
			case TEMPLATE -> "Rotated to match the template";
			case REQUESTED -> "Rotated on request";
			case RESUMED -> "Rotated because an earlier process had left a request";
			case EXPIRED -> "Rotated after the expiry";
			case NOT_YET_VALID -> "Rotated because the certificate was not valid yet";
		};
	}

	/** The one place where a failure is counted, logged and published. */
	private void failed(@Nullable Attempt attempt, Throwable cause, Instant now) {
		CertificateRequest request = (attempt != null) ? attempt.request() : null;
		if (Kind.of(cause) == Kind.LOST && request != null && request.uid() != null) {
			this.pendingRequests.drop();
			this.settings.about(logger.atInfo(), request)
				.log("[{}] {}; a new request follows", this.settings.name(), cause.getMessage());
			return;
		}
		RotationFailure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, (attempt != null) ? attempt.trigger() : this.pair.trigger(now));
		this.pendingRequests.failed(failure.kind());
		this.lane.execute(() -> this.delivery.deliver((listener) -> listener.failed(this.settings.name(), failure)));
		failRequested(cause);
	}

	/** The request whose answer is waited for, {@code null} if there is none. */
	@Nullable CertificateRequest pending() {
		PendingRequest pending = this.pendingRequests.current();
		return (this.attempt != null && pending != null) ? pending.request() : null;
	}

}
