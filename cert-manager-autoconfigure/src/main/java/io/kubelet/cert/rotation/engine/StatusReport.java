package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateStatus.ConfirmedRequest;
import io.kubelet.cert.rotation.CertificateStatus.Failure;
import io.kubelet.cert.rotation.CertificateStatus.Health;
import io.kubelet.cert.rotation.CertificateStatus.Requested;
import io.kubelet.cert.rotation.CertificateStatus.Schedule;
import io.kubelet.cert.rotation.CertificateStatus.Window;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.core.Decisions;
import io.kubelet.cert.rotation.core.DueNotices;
import io.kubelet.cert.rotation.core.Notices.Notice;
import io.kubelet.cert.rotation.core.Past;
import io.kubelet.cert.rotation.core.Pending;
import io.kubelet.cert.rotation.core.Policy.Asked;
import io.kubelet.cert.rotation.core.State;
import org.jspecify.annotations.Nullable;

/**
 * The status of a certificate, as a function of its state and of the time.
 *
 * @param name the certificate's name
 * @param known the state
 */
record StatusReport(String name, State known) {

	/**
	 * Returns the status.
	 * @param requested whether a caller has requested a rotation that has not ended
	 * @param stuckSince when the step began that has not returned, {@code null} if none
	 */
	CertificateStatus at(boolean requested, @Nullable Instant stuckSince, Instant now) {
		CertificatePair pair = this.known.pair();
		Asked asked = this.known.policy().asked();
		Instant overdueAt = this.known.overdueAt();
		RotationWindow window = this.known.policy().window();
		Instant deadline = this.known.deadline(now).equals(Instant.MAX) ? null : this.known.deadline(now);
		Past past = this.known.past();
		return new CertificateStatus(this.name, state(requested, deadline, now), pair,
				new Requested(this.known.template(), asked.signer().toString(), usages(asked), asked.lifetime()),
				new Schedule((pair != null && overdueAt != null) ? new Window(window.begin(pair), overdueAt) : null,
						deadline),
				confirmed(now), past.rotations(), lastFailure(now),
				new Health(past.serverHealthy(), this.known.notices().reported().contains(Notice.UNAVAILABLE),
						this.known.waitingFor(), this.known.storeProblem(), stuckSince));
	}

	/** A request that the API server does not know is not reported as pending. */
	private @Nullable ConfirmedRequest confirmed(Instant now) {
		Pending pending = this.known.pending();
		SubmittedRequest object = (pending != null) ? pending.object() : null;
		boolean unattended = new DueNotices(this.known, now).isUnattended();
		return (object == null) ? null : new ConfirmedRequest(object.name(), object.namespace(), object.createdAt(),
				object.conditions(), unattended ? Signer.Issuer.UNATTENDED : object.message());
	}

	/** Whatever is waited for by now may have delayed the next attempt. */
	private @Nullable Failure lastFailure(Instant now) {
		Failure last = this.known.past().lastFailure();
		boolean waits = this.known.attempt() == null && !this.known.deadline(now).isAfter(now);
		Instant next = waits ? Decisions.nextAttempt(this.known, now) : Instant.MAX;
		return (last == null || last.nextAttempt().isAfter(now) || !next.isAfter(now) || next.equals(Instant.MAX))
				? last : new Failure(last.at(), last.reason(), last.message(), last.attempt(), next, last.cause());
	}

	private List<Usage> usages(Asked asked) {
		CertificateTemplate template = this.known.template();
		CertificatePair pair = this.known.pair();
		if (this.known.pending() != null) {
			return this.known.pending().request().request().usages();
		}
		return (pair != null && template != null) ? asked.usages(template, pair.leaf().getPublicKey()) : asked.usages();
	}

	private CertificateStatus.State state(boolean requested, @Nullable Instant deadline, Instant now) {
		Instant overdueAt = this.known.overdueAt();
		CertificatePair pair = this.known.pair();
		if (pair == null) {
			return CertificateStatus.State.WAITING;
		}
		if (pair.isExpired(now)) {
			return CertificateStatus.State.EXPIRED;
		}
		if (!pair.isValid(now)) {
			return CertificateStatus.State.NOT_YET_VALID;
		}
		if (overdueAt != null && now.isAfter(overdueAt)) {
			return CertificateStatus.State.OVERDUE;
		}
		if (deadline == null) {
			return CertificateStatus.State.STATIC;
		}
		return (requested || !now.isBefore(deadline)) ? CertificateStatus.State.ROTATING
				: CertificateStatus.State.VALID;
	}

}
