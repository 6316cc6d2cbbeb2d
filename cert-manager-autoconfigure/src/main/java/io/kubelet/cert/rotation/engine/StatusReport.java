package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Usage;
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

	private List<Outcome> history = List.of();

	private long rotations;

	private Duration waited = Duration.ZERO;

	private @Nullable Instant lastRotation;

	private CertificateStatus.@Nullable Failure lastFailure;

	private @Nullable Boolean serverHealthy;

	StatusReport(RotationSettings settings, CurrentPair pair, PendingRequests pendingRequests, Templates templates,
			Warnings warnings) {
		this.settings = settings;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.templates = templates;
		this.warnings = warnings;
	}

	/** The pending request was answered with a pair, which has become current. */
	void rotated(CertificatePair pair, List<String> additionalNames, Trigger trigger, Instant now) {
		Duration waited = this.pendingRequests.waited(now);
		this.rotations++;
		this.waited = this.waited.plus(waited);
		this.lastRotation = now;
		this.lastFailure = null;
		this.serverHealthy = true;
		add(new Outcome(now, trigger, pair.serialNumber(), this.pendingRequests.confirmedName(), waited,
				additionalNames, null));
	}

	/** Another program has stored a pair, which has become current. */
	void adopted(CertificatePair pair, Instant now) {
		add(new Outcome(now, null, pair.serialNumber(), null, null, List.of(), null));
	}

	/** An attempt has failed. */
	void failed(CertificateStatus.Failure failure, Trigger trigger) {
		this.lastFailure = failure;
		Throwable cause = (failure.cause() instanceof StoreException store) ? store.getCause() : failure.cause();
		Boolean healthy = (cause instanceof RequestException request) ? request.serverHealthy() : null;
		this.serverHealthy = (healthy != null) ? healthy : this.serverHealthy;
		add(new Outcome(failure.at(), trigger, null, this.pendingRequests.confirmedName(),
				this.pendingRequests.waited(failure.at()), List.of(), failure));
	}

	private void add(Outcome outcome) {
		this.history = Stream.concat(Stream.of(outcome), this.history.stream()).limit(HISTORY_SIZE).toList();
	}

	/** The server holds the pending request, and can be reached or not. */
	void accepted(boolean reachable) {
		this.serverHealthy = reachable;
	}

	boolean isFailing() {
		return this.lastFailure != null;
	}

	boolean isServerHealthy() {
		return Boolean.TRUE.equals(this.serverHealthy);
	}

	/** Creates the status, in a state that {@link #at} is to correct. */
	CertificateStatus create() {
		CertificatePair pair = this.pair.get();
		PendingRequest pending = this.pendingRequests.current();
		CertificateRequest request = (pending != null) ? pending.request() : null;
		Instant deadline = this.pair.deadline();
		return new CertificateStatus(this.settings.name(), State.WAITING, pair,
				new Requested(this.templates.latest(), this.settings.request().signerName(),
						(request != null) ? request.usages() : usages(pair), this.settings.request().lifetime()),
				new Schedule(
						(pair != null) ? new Window(this.settings.schedule().window().begin(pair),
								this.settings.schedule().window().end(pair)) : null,
						deadline.equals(Instant.MAX) ? null : deadline),
				confirmed(), new Rotations(this.rotations, this.waited, this.lastRotation, this.history),
				this.lastFailure, new Health(this.serverHealthy, this.warnings.isUnavailable(),
						this.templates.waitingFor(), this.pair.problem(), null));
	}

	/** A request that the API server does not know is not reported as pending. */
	private @Nullable ConfirmedRequest confirmed() {
		PendingRequest pending = this.pendingRequests.current();
		String name = this.pendingRequests.confirmedName();
		Instant createdAt = (pending != null) ? pending.request().createdAt() : null;
		if (name == null || createdAt == null) {
			return null;
		}
		return this.pendingRequests.submitted()
			.map((object) -> new ConfirmedRequest(name, createdAt, object.conditions(), object.message()))
			.orElseGet(() -> new ConfirmedRequest(name, createdAt, List.of(), ""));
	}

	private List<Usage> usages(@Nullable CertificatePair pair) {
		List<Usage> fixed = this.settings.request().usages();
		if (!fixed.isEmpty()) {
			return fixed;
		}
		CertificateTemplate template = this.templates.latest();
		return (pair != null && template != null) ? this.settings.request().usages(template, pair.leaf().getPublicKey())
				: List.of();
	}

	/** Returns a status as it is at a time. From any thread. */
	static CertificateStatus at(CertificateStatus status, boolean requested, @Nullable Instant stuckSince,
			Instant now) {
		Health health = status.health();
		return new CertificateStatus(status.name(), state(status, requested, now), status.pair(), status.requested(),
				status.schedule(), status.pendingRequest(), status.rotations(), status.lastFailure(),
				new Health(health.serverHealthy(), health.unavailable(), health.waitingFor(), health.storeProblem(),
						stuckSince));
	}

	/** Returns a status with the failure of a check. */
	static CertificateStatus failing(CertificateStatus status, CertificateStatus.Failure failure) {
		return new CertificateStatus(status.name(), status.state(), status.pair(), status.requested(),
				status.schedule(), status.pendingRequest(), status.rotations(), failure, status.health());
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
