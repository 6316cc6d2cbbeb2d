package io.kubelet.cert.rotation.engine;

import java.security.cert.X509Certificate;
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
import io.kubelet.cert.rotation.execution.SerialExecutor;
import org.jspecify.annotations.Nullable;

/**
 * Carries out what follows from the outcome of an attempt. Used on the certificate's
 * serial executor only.
 */
final class Outcomes {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final ForcedRotations forced;

	private final StatusReport report;

	private final RotationLog log;

	/** Whether a request was lost since the last success: the next one is a failure. */
	private boolean lost;

	/**
	 * @param report to which each outcome is added
	 */
	Outcomes(RotationSettings settings, SerialExecutor serial, Delivery delivery, CurrentPair pair,
			PendingRequests pendingRequests, Failures failures, ForcedRotations forced, StatusReport report) {
		this.settings = settings;
		this.serial = serial;
		this.delivery = delivery;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = failures;
		this.forced = forced;
		this.report = report;
		this.log = new RotationLog(settings);
	}

	/**
	 * Checks the answer, stores the pair and makes it current, unless another replica has
	 * done so, which the next review finds.
	 */
	void succeeded(Attempt attempt, CertificateTemplate template, Instant now) throws Throwable {
		PendingRequest pending = attempt.pending();
		List<X509Certificate> authorities = this.pendingRequests.submitted()
			.map(SubmittedRequest::authorities)
			.orElse(List.of());
		CertificatePair issued = this.settings.check()
			.check(attempt.chain(), pending, authorities, now)
			.withAuthorities(authorities);
		if (!this.pair.replace(issued, pending, this.pendingRequests.endWithAnswer(), template)) {
			return;
		}
		List<String> additionalNames = pending.request().template().additionalNames(issued.leaf());
		this.log.rotated(issued, additionalNames, pending.request(), attempt.trigger(), this.pair.deadline());
		this.report.rotated(issued, additionalNames, attempt.trigger(), now);
		this.lost = false;
		this.pendingRequests.drop();
		boolean dueAgain = !this.pair.deadline().isAfter(now);
		this.failures.succeeded(dueAgain ? Pause.of(now, this.settings.schedule().retry().interval()) : Pause.NONE);
		this.forced.end((future) -> future.complete(issued));
	}

	/**
	 * Another process has stored a pair, which has become current.
	 * @return whether it is the answer to the pending request
	 */
	boolean adopted(CertificatePair pair, Trigger trigger, Instant now) {
		if (!this.pendingRequests.isAnsweredElsewhere(pair)) {
			this.report.adopted(pair, now);
			return false;
		}
		this.report.rotated(pair, List.of(), trigger, now);
		this.lost = false;
		this.log.storedByReplica(pair, trigger);
		this.pendingRequests.forget();
		this.failures.succeeded(Pause.NONE);
		this.forced.end((future) -> future.complete(pair));
		return true;
	}

	/** The one place where a failure is counted, logged and published. */
	void failed(@Nullable Attempt attempt, Throwable cause, Instant now) {
		CertificateRequest request = (attempt != null) ? attempt.request() : null;
		if (Kind.of(cause) == Kind.LOST && this.pendingRequests.leaveToOthers(now)) {
			return;
		}
		if (cause instanceof RequestException lost && lost.kind() == Kind.LOST && request != null
				&& request.uid() != null && !this.lost) {
			this.lost = true;
			this.pendingRequests.drop();
			this.log.lost(request, lost);
			return;
		}
		CertificateStatus.Failure failure = this.failures.add(cause, this.pair.get(), now);
		this.report.failed(failure, (attempt != null) ? attempt.trigger() : this.pair.trigger(now));
		this.pendingRequests.failed(failure.kind(), cause);
		if (this.pendingRequests.areShared() && this.pendingRequests.current() == null) {
			this.pair.endResumption();
		}
		this.serial.execute(() -> this.delivery.deliver((listener) -> listener.failed(this.settings.name(), failure)));
		this.forced.end((future) -> future.completeExceptionally(cause));
	}

}
