package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * Certificates in a row whose rotation was due when they came: the signer backdates them,
 * or the clock here is ahead. The next one will hardly be better.
 *
 * @param times how many, 0 if that of the current pair was not due
 * @param pause in which the deadline of the current pair makes no rotation due
 * @param ahead how far the clock here is ahead of the API server's, negative if it is
 * behind; {@code null} if none of them was one that this process had requested
 * @param isNews whether the last one is the first of the row, or the first one that shows
 * how wrong the clock is
 */
public record DueAtOnce(int times, Pause pause, @Nullable Duration ahead, boolean isNews) {

	/** None. */
	public static final DueAtOnce NO = new DueAtOnce(0, Pause.NONE, null, false);

	/** Returns these and another one, which has come now. */
	public DueAtOnce again(CertificatePair pair, @Nullable Duration ahead, RetrySchedule retry, Instant now,
			double random) {
		Duration wait = retry.delay(this.times + 1, Duration.between(now, pair.notAfter()), random);
		return new DueAtOnce(this.times + 1, Pause.of(now, wait), (ahead != null) ? ahead : this.ahead,
				this.times == 0 || (this.ahead == null && ahead != null));
	}

	/**
	 * Returns how far the clock here is ahead of the one by which an object was created,
	 * between two times here. Its own is without fractions of a second.
	 * @return negative if it is behind
	 */
	public static Duration ahead(Instant sentAt, Instant createdAt, Instant now) {
		Instant earliest = sentAt.truncatedTo(ChronoUnit.SECONDS);
		return createdAt.isBefore(earliest) ? Duration.between(createdAt, earliest)
				: createdAt.isAfter(now) ? Duration.between(createdAt, now) : Duration.ZERO;
	}

}
