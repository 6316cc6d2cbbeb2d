package io.kubelet.cert.rotation.core;

import java.time.Instant;

import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import org.jspecify.annotations.Nullable;

/**
 * Whether a rotation is due before the deadline of the current pair, and why.
 *
 * @param since since when a rotation is due at once, {@code null} if it is not
 * @param trigger why it is due
 * @param demanded what demands a rotation however long the pair is valid, {@code null} if
 * nothing does
 * @param begun why the last attempt was due
 */
public record Due(@Nullable Instant since, Trigger trigger, @Nullable Trigger demanded, Trigger begun) {

	static final Due NO = new Due(null, Trigger.DEADLINE, null, Trigger.FIRST);

	/** Another pair is current, whose rotation nothing demands yet. */
	Due rotated() {
		return new Due(null, Trigger.DEADLINE, null, this.begun);
	}

	/** What a caller requests waits for less than anything else. */
	Due demanding(Trigger trigger) {
		return (this.demanded != null && trigger != Trigger.REQUESTED) ? this
				: new Due(this.since, this.trigger, trigger, this.begun);
	}

	/** What made a rotation due is over. */
	Due without(Trigger trigger) {
		return (this.demanded != trigger) ? this : new Due(this.since, this.trigger, null, this.begun);
	}

	/** A rotation is due at once. */
	Due since(Instant now, Trigger trigger) {
		return new Due((this.since == null || this.since.isAfter(now)) ? now : this.since, trigger, this.demanded,
				this.begun);
	}

	Due atDeadline() {
		return new Due(null, Trigger.DEADLINE, this.demanded, this.begun);
	}

	/** An attempt begins for a reason. */
	Due begun(Trigger trigger) {
		return new Due(this.since, this.trigger, this.demanded, trigger);
	}

}
