package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateStatus.Trigger;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * Whether a rotation is due before the deadline of the current pair, and why.
 *
 * @param since since when a rotation is due at once, {@code null} if it is not
 * @param trigger why it is due
 * @param demanded what demands a rotation however long the pair is valid, {@code null} if
 * nothing does
 */
public record DueRotation(@Nullable Instant since, Trigger trigger, @Nullable Trigger demanded) {

	static final DueRotation NO = new DueRotation(null, Trigger.DEADLINE, null);

	/** What a caller requests waits for less than anything else. */
	DueRotation demanding(Trigger trigger) {
		return (this.demanded != null && trigger != Trigger.REQUESTED) ? this
				: new DueRotation(this.since, this.trigger, trigger);
	}

	/** What made a rotation due is over. */
	DueRotation without(Trigger trigger) {
		return (this.demanded != trigger) ? this : new DueRotation(this.since, this.trigger, null);
	}

	/** A rotation is due at once. */
	DueRotation since(Instant now, Trigger trigger) {
		return new DueRotation((this.since == null || this.since.isAfter(now)) ? now : this.since, trigger,
				this.demanded);
	}

	/** A rotation is due at the deadline. */
	DueRotation atDeadline() {
		return new DueRotation(null, Trigger.DEADLINE, this.demanded);
	}

	/**
	 * Certificates in a row whose rotation was due when they came: the signer backdates
	 * them, or the clock here is ahead. The next one will hardly be better.
	 *
	 * @param times how many, 0 if that of the current pair was not due
	 * @param pause in which the deadline of the current pair makes no rotation due
	 * @param ahead how far the clock here is ahead of the API server's, negative if it is
	 * behind; {@code null} if none of them was one that this process had requested
	 */
	public record AtOnce(int times, Pause pause, @Nullable Duration ahead) {

		static final AtOnce NO = new AtOnce(0, Pause.NONE, null);

		/** Another one has come. */
		AtOnce again(CertificatePair pair, @Nullable Duration ahead, RetrySchedule retry, Instant now, double random) {
			Duration wait = retry.delay(this.times + 1, Duration.between(now, pair.notAfter()), random);
			return new AtOnce(this.times + 1, Pause.of(now, wait), (ahead != null) ? ahead : this.ahead);
		}

		/**
		 * Returns whether this says something that was not known before.
		 * @param before what was known before
		 * @return {@code true} for the first certificate of a row, and for the first one
		 * that shows how wrong the clock is
		 */
		public boolean isNews(AtOnce before) {
			return this.times == 1 || (before.ahead == null && this.ahead != null);
		}

	}

}
