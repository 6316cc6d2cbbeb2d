package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.CertificateSigner;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import io.kubelet.cert.rotation.internal.SerialExecutor;
import io.kubelet.cert.store.CertificateStore;
import org.jspecify.annotations.Nullable;

/**
 * Rotates the certificate, one attempt at a time: {@link #begin} generates a key and
 * requests a certificate, no thread waits for the answer, and {@link #succeed} checks the
 * certificate, stores it and makes it current. Used on the certificate's serial executor
 * only, except for {@link #cancel()}.
 */
final class Rotation {

	/** So many conflicts in a row are not those with other replicas. */
	private static final int MOST_CONFLICTS = 5;

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	private final Runnable changed;

	private volatile @Nullable Attempt attempt;

	/** Why the last attempt was due. */
	private Trigger trigger = Trigger.FIRST;

	private int conflicts;

	/** Whether a request was lost since the last success: the next one is a failure. */
	private boolean lost;

	/**
	 * @param report to which each outcome is added
	 * @param changed called on the serial executor after progress or the end of an
	 * attempt
	 */
	Rotation(RotationSettings settings, SerialExecutor serial, Delivery delivery, CurrentPair pair,
			PendingRequests pendingRequests, Failures failures, ForcedRotations forced, StatusReport report,
			Runnable changed) {
		this.settings = settings;
		this.serial = serial;
		this.delivery = delivery;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = failures;
		this.forced = forced;
		this.report = report;
		this.changed = changed;
	}

	/**
	 * Begins an attempt: generates a key and stores its request, unless there is a
	 * pending one, sends it, and has the answer come back to the serial executor.
	 */
	void begin(CertificateTemplate template, Instant now) {
		try {
			PendingRequest pending = this.pendingRequests.forTemplate(template, this.pair.get(), now);
			this.conflicts = 0;
			this.trigger = this.pair.trigger(now);
			Attempt attempt = new Attempt(pending, template, now, this.pendingRequests.send(signer(now), pending,
					(submitted) -> this.serial.execute(() -> progressed(pending, submitted))));
			this.attempt = attempt;
			attempt.answer().whenComplete((chain, failure) -> this.serial.execute(() -> answered(attempt)));
		}
		catch (CertificateStore.ConflictException ex) {
			// Another replica was faster, and is followed, unless something else is wrong
			if (++this.conflicts == MOST_CONFLICTS) {
				this.conflicts = 0;
				fail(null, ex, now);
			}
			this.pendingRequests.joining().giveTime(now);
			this.serial.execute(this.changed);
		}
		catch (Throwable ex) {
			fail(null, ex, now);
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
		finally {
			this.changed.run();
		}
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
			this.report.adopted(pair, now);
		}
	}

	/** The pending request is answered with the pair that is current now. */
	private void end(CertificatePair pair, List<String> additionalNames, Pause pause, Instant now) {
		this.lost = false;
		this.report.rotated(pair, additionalNames, this.trigger, now);
		this.failures.succeeded(pause);
		this.forced.end((future) -> future.complete(pair));
	}

	/**
	 * The one place where a failure is counted, logged and published.
	 * @param attempt that failed, {@code null} if there was none
	 */
	void fail(@Nullable Attempt attempt, Throwable cause, Instant now) {
		if (attempt != null && cause instanceof RequestException ex && ex.kind() == Kind.LOST
				&& isReplaced(attempt, ex, now)) {
			return;
		}
		CertificateStatus.Failure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, (attempt != null) ? this.trigger : this.pair.trigger(now));
		this.pendingRequests.failed(failure.kind(), cause);
		if (this.pendingRequests.areShared() && this.pendingRequests.current() == null) {
			this.pair.endResumption();
		}
		this.serial.execute(() -> this.delivery.deliver((listener) -> listener.failed(this.settings.name(), failure)));
		this.forced.end((future) -> future.completeExceptionally(cause));
	}

	/** Whether another request takes the place of one that is lost, without a failure. */
	private boolean isReplaced(Attempt attempt, RequestException cause, Instant now) {
		CertificateRequest request = attempt.pending().request();
		if (this.pendingRequests.leaveToOthers(attempt.template(), now)) {
			return true;
		}
		if (this.lost || request.uid() == null) {
			return false;
		}
		this.lost = true;
		this.pendingRequests.drop();
		RotationLog.lost(this.settings, request, cause);
		return true;
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

	/**
	 * Gives up the attempt in progress if it is of no use, or has taken too long. It is
	 * looked at and given up in one step, so that no answer comes between.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
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

	/** The attempt in progress, {@code null} if there is none. */
	@Nullable Attempt attempt() {
		return this.attempt;
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

	Trigger trigger() {
		return this.trigger;
	}

	/** The request of another replica takes the place of the attempt in progress. */
	void giveWay(Trigger trigger) {
		cancel();
		this.trigger = trigger;
	}

}
