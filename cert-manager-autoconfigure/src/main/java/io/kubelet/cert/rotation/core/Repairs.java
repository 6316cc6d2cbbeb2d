package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RetrySchedule;

/**
 * When replicas have replaced what none of them had stored. Another program may put it
 * back each time, so they wait longer and longer, all of them together.
 *
 * @param times the last times, the earliest first
 */
public record Repairs(List<Instant> times) {

	/** None. */
	static final Repairs NONE = new Repairs(List.of());

	/** Certificates that are issued for this reason, in an hour. */
	private static final int MOST = 10;

	private static final Duration HOUR = Duration.ofHours(1);

	/** The longest pause, and as long in which nothing had to be repaired. */
	private static final Duration ROW = HOUR.multipliedBy(2);

	/** So many in a row are no coincidence. */
	private static final int CONTESTED = 3;

	/** Returns these and others. A time in the future is that of a wrong clock. */
	Repairs and(List<Instant> others, Instant now) {
		Instant latest = now.plus(CertificatePair.CLOCK_SKEW);
		List<Instant> all = Stream.concat(this.times.stream(), others.stream())
			.filter((time) -> !time.isAfter(latest))
			.distinct()
			.sorted()
			.toList();
		boolean over = all.isEmpty() || !all.get(all.size() - 1).isAfter(now.minus(ROW));
		return over ? NONE : new Repairs(all.subList(Math.max(0, all.size() - MOST), all.size()));
	}

	/** In which nothing is stored again, and nothing is requested to replace it. */
	Pause pause() {
		return this.times.isEmpty() ? Pause.NONE : new Pause(Instant.MIN,
				this.times.get(this.times.size() - 1).plus(RetrySchedule.slowly(this.times.size())));
	}

	/** In which not even a replica without a pair of its own requests one. */
	Pause longest() {
		return (this.times.size() < MOST) ? Pause.NONE : new Pause(Instant.MIN, this.times.get(0).plus(HOUR));
	}

	/** Whether another program keeps changing the pair. */
	boolean isContested() {
		return this.times.size() >= CONTESTED;
	}

}
