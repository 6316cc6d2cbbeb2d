package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.engine.Failures.Pause;
import org.jspecify.annotations.Nullable;

/**
 * Decides when an attempt to rotate the certificate begins: at the deadline of the pair,
 * unless a failure demands a pause, or when another replica has stored a request. Used on
 * the certificate's serial executor only.
 */
final class Attempts {

	/** How much earlier another replica may request for the same deadline. */
	private static final Duration SAME_DEADLINE = Duration.ofMinutes(1);

	private final RotationSettings settings;

	private final CurrentPair pair;

	private final PendingRequests pendingRequests;

	private final Failures failures;

	private final Rotation rotation;

	Attempts(RotationSettings settings, CurrentPair pair, PendingRequests pendingRequests, Failures failures,
			Rotation rotation) {
		this.settings = settings;
		this.pair = pair;
		this.pendingRequests = pendingRequests;
		this.failures = failures;
		this.rotation = rotation;
	}

	/**
	 * Gives up the attempt in progress if it is of no use, and begins one if it is due.
	 */
	void review(@Nullable CertificateTemplate template, Instant now) {
		reviewPair(template, now);
		this.rotation.review(template, now);
		follow(template, now);
		if (this.rotation.attempt() != null || template == null || this.settings.off()) {
			return;
		}
		this.failures.noteWanted(template);
		boolean due = !this.pair.deadline().isAfter(now) && this.failures.pause(template).isOver(now);
		Joining joining = this.pendingRequests.joining();
		if (joining.moment().isOver(now) && (due || joining.isNext())) {
			this.failures.noteRequested(template, now);
			this.rotation.begin(template, now);
		}
	}

	/** Joins the request that another replica has stored, if there is one. */
	private void follow(@Nullable CertificateTemplate template, Instant now) {
		PendingRequest last = this.pendingRequests.current();
		if (this.settings.off() || !this.pendingRequests.areShared()) {
			return;
		}
		if (this.pendingRequests.follow(template, now)) {
			this.rotation.giveWay(
					this.pair.deadline().isAfter(now.plus(SAME_DEADLINE)) ? Trigger.RESUMED : this.pair.trigger(now));
			PendingRequest joined = this.pendingRequests.current();
			if (template != null) {
				this.failures.noteRequested(template, now);
			}
			if (joined != null) {
				RotationLog.joined(this.settings, joined.request(), joined.request().template().equals(template));
			}
		}
		else if (this.rotation.attempt() == null && last != null && this.pendingRequests.isWithdrawn(now)) {
			this.rotation.fail(null, RequestException.withdrawn(last.request().name(), last.request().signerName()),
					now);
		}
	}

	/** Notes whether a rotation is due. It never is if rotation is off. */
	void reviewPair(@Nullable CertificateTemplate template, Instant now) {
		this.failures.found(this.pair.get(), now);
		if (this.settings.off()) {
			return;
		}
		if (this.rotation.attempt() == null) {
			this.pendingRequests.dropIfAnswered(this.pair.get(), this.pair.heldSince(), now);
			if (!this.settings.once() && this.pendingRequests.isLeftOver(template, this.pair.get())) {
				this.pair.force(this.pendingRequests.joining().isNext() ? this.rotation.trigger() : Trigger.RESUMED);
			}
		}
		this.pair.review(template, now);
	}

	/** How long nothing will be due here after a review, unless something happens. */
	Duration untilDue(@Nullable CertificateTemplate template, Instant now) {
		Attempt attempt = this.rotation.attempt();
		if (attempt != null) {
			return attempt.answer().isDone() ? this.settings.idleCheck()
					: attempt.remaining(this.settings.schedule().waitTimeout());
		}
		if (template == null || this.settings.off()) {
			return this.settings.idleCheck();
		}
		Pause moment = this.pendingRequests.joining().moment();
		if (!moment.isOver(now)) {
			return Duration.between(now, moment.end());
		}
		Pause pause = this.failures.pause(template);
		Instant due = this.pair.deadline();
		return Duration.between(now, (pause.isOver(now) || pause.end().isBefore(due)) ? due : pause.end());
	}

}
