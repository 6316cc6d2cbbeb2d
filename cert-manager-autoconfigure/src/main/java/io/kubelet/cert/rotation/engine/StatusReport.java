package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.OpenRequest;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.rotation.CertificateStatus.Window;
import org.jspecify.annotations.Nullable;

/**
 * Puts the status of a certificate together. Used on the certificate's lane only, except
 * for {@link #inState}.
 */
record StatusReport(RotationSettings settings, CurrentPair pair, Templates templates, Announcements announcements,
		History history, @Nullable Attempts attempts) {

	/** Creates the status, in a state that {@link #inState} is to correct. */
	CertificateStatus create() {
		CertificatePair pair = this.pair.get();
		Attempts.Progress progress = (this.attempts != null) ? this.attempts.progress() : Attempts.Progress.NONE;
		CertificateRequest open = progress.openRequest().orElse(null);
		return new CertificateStatus(this.settings.name(), State.WAITING, pair,
				(pair != null && this.attempts != null && !this.settings.once())
						? new Window(this.settings.window().begin(pair), this.settings.window().end(pair)) : null,
				this.templates.latest(), this.settings.signerName(), (open != null) ? open.usages() : usages(pair),
				this.settings.requestedLifetime(), nextDeadline(), progress.rotations(), progress.lastRotation(),
				progress.lastFailure(),
				(open != null) ? new OpenRequest(open.name(), open.createdAt(), progress.conditions()) : null,
				this.templates.waitingFor(), progress.serverHealthy(), this.announcements.isUnavailable(),
				this.history.outcomes());
	}

	private List<Usage> usages(@Nullable CertificatePair pair) {
		List<Usage> fixed = this.settings.fixedUsages();
		if (fixed != null) {
			return fixed;
		}
		CertificateTemplate template = this.templates.latest();
		return (pair != null && template != null) ? this.settings.usages().apply(template, pair.leaf().getPublicKey())
				: List.of();
	}

	private @Nullable Instant nextDeadline() {
		Instant deadline = (this.attempts != null) ? this.pair.deadline() : Instant.MAX;
		return deadline.equals(Instant.MAX) ? null : deadline;
	}

	/** Returns a status in the state that it has at a time. From any thread. */
	CertificateStatus inState(CertificateStatus status, Instant now) {
		return status.withState(state(status, now));
	}

	private State state(CertificateStatus status, Instant now) {
		if (status.pair() == null) {
			return State.WAITING;
		}
		if (status.pair().isExpired(now)) {
			return State.EXPIRED;
		}
		if (status.overdueAt() == null) {
			return State.STATIC;
		}
		if (now.isAfter(status.overdueAt())) {
			return State.OVERDUE;
		}
		boolean requested = this.attempts != null && this.attempts.isRequested();
		Instant deadline = status.nextRotationDeadline();
		return (requested || (deadline != null && !now.isBefore(deadline))) ? State.ROTATING : State.VALID;
	}

}
