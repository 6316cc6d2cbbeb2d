package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.request.IssuerReference;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Health;
import io.kubelet.cert.rotation.CertificateStatus.Outcome;
import io.kubelet.cert.rotation.CertificateStatus.Requested;
import io.kubelet.cert.rotation.CertificateStatus.Rotations;
import io.kubelet.cert.rotation.CertificateStatus.Schedule;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.CertificateStatus.Window;
import io.kubelet.cert.store.StoreException;
import org.jspecify.annotations.Nullable;

/**
 * Remembers what has happened to a certificate, and puts its status together. Used on the
 * certificate's serial executor only, except for {@link #at}.
 */
final class StatusReport {

	private static final int HISTORY_SIZE = 20;

	private final RotationSettings settings;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Templates templates;

	private final Warnings warnings;

	private long count;

	private Duration waited = Duration.ZERO;

	private @Nullable Instant last;

	private Map<Kind, Long> failures = Map.of();

	private @Nullable Instant failingSince;

	/** How many attempts have failed since. */
	private int failed;

	private List<Outcome> history = List.of();

	private CertificateStatus.@Nullable Failure lastFailure;

	private @Nullable Boolean serverHealthy;

	private volatile CertificateStatus snapshot;

	StatusReport(RotationSettings settings, CurrentPair pair, PendingRequests pendingRequests, Templates templates,
			Warnings warnings) {
		this.settings = settings;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.templates = templates;
		this.warnings = warnings;
		this.snapshot = create();
	}

	/** The pending request was answered with a pair, which has become current. */
	void rotated(CertificatePair pair, List<String> additionalNames, Trigger trigger, Instant now) {
		Duration waited = this.pendingRequests.waited(now);
		this.count++;
		this.waited = this.waited.plus(waited);
		this.last = now;
		endFailures();
		this.serverHealthy = true;
		add(new Outcome(now, trigger, pair.serialNumber(), requestName(), waited, additionalNames, null));
	}

	/** Another program has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		endFailures();
		add(new Outcome(now, null, pair.serialNumber(), null, null, List.of(), null));
	}

	/** A rotation has succeeded, or is not due any more. */
	void endFailures() {
		if (this.failingSince != null) {
			RotationLog.over(this.settings, this.failingSince, this.failed);
		}
		this.lastFailure = null;
		this.failingSince = null;
		this.failed = 0;
	}

	/** An attempt has failed. */
	void failed(CertificateStatus.Failure failure, Trigger trigger) {
		Map<Kind, Long> failures = new HashMap<>(this.failures);
		failures.merge(failure.kind(), 1L, Long::sum);
		this.failures = Map.copyOf(failures);
		this.failingSince = (this.failingSince != null) ? this.failingSince : failure.at();
		this.failed++;
		this.lastFailure = failure;
		Throwable cause = (failure.cause() instanceof StoreException store) ? store.getCause() : failure.cause();
		Boolean healthy = (cause instanceof RequestException request) ? request.serverHealthy() : null;
		this.serverHealthy = (healthy != null) ? healthy : this.serverHealthy;
		add(new Outcome(failure.at(), trigger, null, requestName(), this.pendingRequests.waited(failure.at()),
				List.of(), failure));
	}

	private void add(Outcome outcome) {
		this.history = Stream.concat(Stream.of(outcome), this.history.stream()).limit(HISTORY_SIZE).toList();
	}

	/** The server holds the pending request, and can be reached or not. */
	void accepted(boolean reachable) {
		this.serverHealthy = reachable;
	}

	/**
	 * Issues the warnings that have become due.
	 * @param inProgress whether an answer is waited for
	 */
	void warn(boolean inProgress, Instant now) {
		PendingRequest pending = inProgress ? this.pendingRequests.current() : null;
		this.warnings.issue(this.pair.get(), (pending != null) ? pending.request() : null,
				this.pendingRequests.submitted(), this.lastFailure != null, Boolean.TRUE.equals(this.serverHealthy),
				now);
	}

	/** Takes a snapshot of the status. */
	void update() {
		this.snapshot = create();
	}

	/** Returns the pair as of the last step, with which the status agrees. */
	@Nullable CertificatePair pair() {
		return this.snapshot.pair();
	}

	/** In a state that {@link #at} is to correct. */
	private CertificateStatus create() {
		CertificatePair pair = this.pair.get();
		PendingRequest pending = this.pendingRequests.current();
		CertificateRequest request = (pending != null) ? pending.request() : null;
		Instant deadline = this.pair.due().deadline();
		return new CertificateStatus(this.settings.name(), State.WAITING, pair,
				new Requested(this.templates.latest(), this.settings.request().signerName(),
						(request != null) ? request.usages() : usages(pair), this.settings.request().lifetime()),
				new Schedule(
						(pair != null) ? new Window(this.settings.schedule().window().begin(pair),
								this.pair.due().overdueAt(pair)) : null,
						deadline.equals(Instant.MAX) ? null : deadline),
				confirmed(),
				new Rotations(this.count, this.waited, this.last, this.failures, this.failingSince, this.history),
				this.lastFailure, new Health(this.serverHealthy, this.warnings.isUnavailable(),
						this.templates.waitingFor(), this.pair.problem(), null));
	}

	/** A request that the API server does not know is not reported as pending. */
	private @Nullable ConfirmedRequest confirmed() {
		SubmittedRequest object = this.pendingRequests.submitted();
		return (object == null) ? null : new ConfirmedRequest(object.name(), object.namespace(), object.createdAt(),
				object.conditions(), this.warnings.isUnattended() ? IssuerReference.UNATTENDED : object.message());
	}

	private @Nullable String requestName() {
		SubmittedRequest object = this.pendingRequests.submitted();
		return (object != null) ? object.name() : null;
	}

	private List<Usage> usages(@Nullable CertificatePair pair) {
		CertificateTemplate template = this.templates.latest();
		return (pair != null && template != null) ? this.settings.request().usages(template, pair.leaf().getPublicKey())
				: this.settings.request().usages();
	}

	/** Returns the last snapshot as it is at a time. From any thread. */
	CertificateStatus at(boolean requested, @Nullable Instant stuckSince, Instant now) {
		CertificateStatus status = this.snapshot;
		Health health = status.health();
		return new CertificateStatus(status.name(), state(status, requested, now), status.pair(), status.requested(),
				status.schedule(), status.pendingRequest(), status.rotations(), status.lastFailure(),
				new Health(health.serverHealthy(), health.unavailable(), health.waitingFor(), health.storeProblem(),
						stuckSince));
	}

	private static State state(CertificateStatus status, boolean requested, Instant now) {
		if (status.pair() == null) {
			return State.WAITING;
		}
		if (status.pair().isExpired(now)) {
			return State.EXPIRED;
		}
		if (!status.pair().isValid(now)) {
			return State.NOT_YET_VALID;
		}
		if (status.schedule().overdueAt() != null && now.isAfter(status.schedule().overdueAt())) {
			return State.OVERDUE;
		}
		Instant deadline = status.schedule().deadline();
		if (deadline == null) {
			return State.STATIC;
		}
		return (requested || !now.isBefore(deadline)) ? State.ROTATING : State.VALID;
	}

}
