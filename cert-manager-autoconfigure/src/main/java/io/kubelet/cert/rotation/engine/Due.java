package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RotationWindow;
import io.kubelet.cert.rotation.internal.DueAtOnce;
import org.jspecify.annotations.Nullable;

/**
 * When the rotation of the current pair is due, and why: at a deadline in its lifetime,
 * or at once if there is no valid pair, the pair does not satisfy the template, or a
 * rotation is demanded.
 */
final class Due {

	/** How long a template gives way to that of a replica, which may have ended. */
	private static final Duration GIVES_WAY = Duration.ofHours(1);

	private final RotationSettings settings;

	/** The deadline in the lifetime of the pair. */
	private Instant scheduled = Instant.MIN;

	/** Whether that had passed when the pair came, and when it nevertheless counts. */
	private DueAtOnce atOnce = DueAtOnce.NO;

	/** Why the next review finds a rotation due. */
	private @Nullable Trigger demanded;

	/** Since when a rotation is due at once, {@code null} if it is not. */
	private @Nullable Instant since;

	private Trigger trigger = Trigger.DEADLINE;

	/**
	 * The largest fraction of its lifetime that was over when another program replaced a
	 * pair.
	 */
	private double replaced;

	/**
	 * The template that the pair satisfies, which is not compared again, or that gives
	 * way to the one of another replica.
	 */
	private @Nullable CertificateTemplate accepted;

	Due(RotationSettings settings) {
		this.settings = settings;
	}

	/** Another pair is current, whose rotation nothing demands yet. */
	void scheduled(Instant deadline) {
		this.scheduled = deadline;
		this.demanded = null;
		this.since = null;
		this.trigger = Trigger.DEADLINE;
		this.accepted = null;
	}

	/**
	 * A pair has come. To rotate it at once could have no end.
	 * @param ahead how far the clock here was ahead of the API server's when that created
	 * the request, {@code null} if this process did not create it
	 */
	void came(CertificatePair pair, @Nullable Duration ahead, Instant now) {
		boolean due = !this.settings.keepsValidPair() && !this.scheduled.isAfter(now);
		this.atOnce = due ? this.atOnce.again(pair, ahead, this.settings.schedule().retry(), now,
				this.settings.resources().random().getAsDouble()) : DueAtOnce.NO;
	}

	/**
	 * Reports that the deadline of a pair that has come had passed, if that is news.
	 * @param issued whether this process had it issued
	 */
	void reportAtOnce(CertificatePair pair, boolean issued) {
		if (this.atOnce.isNews()) {
			RotationLog.dueAtOnce(this.settings, pair, issued, this.atOnce, this.scheduled);
		}
	}

	/** The pairs in a row whose deadline had passed when they came. */
	DueAtOnce atOnce() {
		return this.atOnce;
	}

	/** Another program has replaced a pair. */
	void replaced(CertificatePair pair, Instant now) {
		if (pair.isValid(now)) {
			this.replaced = Math.max(this.replaced, RotationWindow.over(pair, now));
		}
	}

	/** When a pair becomes overdue. */
	Instant overdueAt(CertificatePair pair) {
		return this.settings.overdueAt(pair, this.replaced);
	}

	/**
	 * Makes a rotation due with the next review, however long the pair is valid. What a
	 * caller requests waits for less than anything else.
	 */
	void demand(Trigger trigger) {
		this.demanded = (this.demanded != null && trigger != Trigger.REQUESTED) ? this.demanded : trigger;
	}

	/** What made a rotation due is over. */
	void end(Trigger trigger) {
		this.demanded = (this.demanded == trigger) ? null : this.demanded;
	}

	/** Whether a pair satisfies a template, or the template gives way. */
	boolean accepts(CertificatePair pair, CertificateTemplate template) {
		return template.equals(this.accepted) || template.isSatisfiedBy(pair.leaf());
	}

	/** Uses the pair although it does not satisfy the template, but not until its end. */
	void giveWay(CertificatePair pair, CertificateTemplate template, Instant now) {
		Instant halfway = this.scheduled.plus(Duration.between(this.scheduled, pair.notAfter()).dividedBy(2));
		this.scheduled = Collections.min(List.of(halfway, now.plus(GIVES_WAY)));
		this.accepted = template;
	}

	/**
	 * Notes whether a rotation is due before the deadline.
	 * @return whether a rotation is not due any more, since the pair is valid and
	 * satisfies the template again
	 */
	boolean review(@Nullable CertificatePair pair, @Nullable CertificateTemplate template, Instant now) {
		// That a request which was joined is over is a failure, and no end of failures
		boolean wasDue = this.since != null && this.trigger != Trigger.RESUMED;
		if (pair == null || !pair.isValid(now)) {
			since(now, invalidity(pair, now));
		}
		else if (this.demanded != null) {
			since(now, this.demanded);
		}
		else if (this.settings.keepsValidPair() || template == null || accepts(pair, template)) {
			this.accepted = (template != null) ? template : this.accepted;
			this.since = null;
			this.trigger = Trigger.DEADLINE;
			return wasDue && deadline().isAfter(now);
		}
		else {
			if (this.since == null) {
				RotationLog.outdated(this.settings, pair, template);
			}
			since(now, Trigger.TEMPLATE);
		}
		return false;
	}

	/** Why a rotation is due if there is no valid pair. */
	static Trigger invalidity(@Nullable CertificatePair pair, Instant now) {
		return (pair == null) ? Trigger.FIRST : pair.isExpired(now) ? Trigger.EXPIRED : Trigger.NOT_YET_VALID;
	}

	private void since(Instant now, Trigger trigger) {
		this.since = (this.since == null || this.since.isAfter(now)) ? now : this.since;
		this.trigger = trigger;
	}

	/**
	 * When the rotation is due, as of the last review; the end of time if a valid pair is
	 * not to be rotated.
	 */
	Instant deadline() {
		return (this.since != null) ? this.since : this.settings.keepsValidPair() ? Instant.MAX
				: this.atOnce.pause().earliest(this.scheduled, this.settings.clock().instant());
	}

	/** Why a rotation is due, as of the last review. */
	Trigger trigger() {
		return this.trigger;
	}

}
