package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RetrySchedule;
import org.jspecify.annotations.Nullable;

/**
 * Repairs of what somebody else has stored for all replicas.
 *
 * @param all when replicas have replaced what none of them had stored
 * @param adoptions when this one has used what somebody else had stored. Each replica
 * does, so that is not stored
 * @param replaced the serial numbers of pairs that replicas have replaced, the latest
 * first
 * @param pause before the pair in use is stored again, which has failed
 * @param failure why it failed, {@code null} if it has not, or another replica was faster
 */
public record Repair(Times all, Times adoptions, List<String> replaced, Pause pause, @Nullable String failure) {

	static final Repair NONE = new Repair(Times.NONE, Times.NONE, List.of(), Pause.NONE, null);

	private static final String CONTESTED = "Another program%s keeps changing %s. The pair in use stays in memory, and "
			+ "what it changes or removes is stored again after pauses of up to an hour. Have that program leave the data, "
			+ "labels and annotations alone, or use another: with cert-manager, give its Certificate another 'secretName'; with Argo CD, use "
			+ "'ignoreDifferences'; or change 'store.secret'";

	/** Of which a program may put back one. */
	private static final int REPLACED_PAIRS = 20;

	private static final Duration RETRY = Duration.ofMinutes(1);

	/** What another replica has written says whether there is still anything to do. */
	private static final Duration CONFLICT = Duration.ofSeconds(1);

	/** All of them, in which no other replica has a part or all have. */
	Times times(Instant now) {
		return this.all.and(this.adoptions.times(), now);
	}

	/** What the store says of repairs. */
	Repair and(List<Instant> stored, Instant now) {
		return stored.isEmpty() ? this
				: new Repair(this.all.and(stored, now), this.adoptions, this.replaced, this.pause, this.failure);
	}

	Repair adopted(Instant now) {
		return new Repair(this.all, this.adoptions.and(List.of(now), now), this.replaced, this.pause, this.failure);
	}

	/** A replica has stored another pair in the place of this one. */
	Repair replaced(CertificatePair pair) {
		return with(Stream.concat(Stream.of(pair.serialNumber()), this.replaced.stream()).limit(REPLACED_PAIRS));
	}

	/**
	 * A replica has stored a pair that was issued after ours. If ours is that of a
	 * backup, it has replaced the later one here only, and replicas would replace it in
	 * turn.
	 */
	Repair readmitting(Reading reading, @Nullable CertificatePair ours) {
		CertificatePair later = (reading.deadline() != null) ? reading.pair() : null;
		return (later == null || ours == null
				|| !later.leaf().getIssuerX500Principal().equals(ours.leaf().getIssuerX500Principal())
				|| !later.leaf().getNotBefore().after(ours.leaf().getNotBefore())) ? this : with(
						this.replaced.stream().filter((serialNumber) -> !serialNumber.equals(later.serialNumber())));
	}

	private Repair with(Stream<String> replaced) {
		return new Repair(this.all, this.adoptions, replaced.toList(), this.pause, this.failure);
	}

	boolean wasReplaced(CertificatePair pair) {
		return this.replaced.contains(pair.serialNumber());
	}

	/**
	 * The pair in use could not be stored again.
	 * @param failure why, {@code null} if another replica has written something first
	 */
	Repair failed(@Nullable String failure, Instant now) {
		return new Repair(this.all, this.adoptions, this.replaced, Pause.of(now, (failure != null) ? RETRY : CONFLICT),
				(failure != null) ? failure : this.failure);
	}

	/** The pair in use is stored, or another one is used. */
	Repair done() {
		return new Repair(this.all, this.adoptions, this.replaced, Pause.NONE, null);
	}

	/**
	 * Returns what is wrong with the stored pair. That another program keeps changing it
	 * is reported in place of what follows from that, and so is why it cannot be stored
	 * again.
	 */
	@Nullable String problem(@Nullable String problem, String otherWriter, String store, Instant now) {
		if (times(now).isContested()) {
			return CONTESTED.formatted(otherWriter.isEmpty() ? "" : " ('" + otherWriter + "')", store);
		}
		return (this.failure != null) ? this.failure : problem;
	}

	/**
	 * When replicas have replaced what none of them had stored. Another program may put
	 * it back each time, so they wait longer and longer, all of them together. Each time
	 * is kept, not their number: replicas unite what each of them has stored, and issue
	 * only so many certificates in any hour.
	 *
	 * @param times the last times, the earliest first
	 */
	public record Times(List<Instant> times) {

		/** None. */
		static final Times NONE = new Times(List.of());

		/** Certificates that are issued for this reason, in an hour. */
		private static final int MOST = 10;

		private static final Duration HOUR = Duration.ofHours(1);

		/** The longest pause, and as long in which nothing had to be repaired. */
		private static final Duration ROW = HOUR.multipliedBy(2);

		/** So many in a row are no coincidence. */
		private static final int CONTESTED = 3;

		/** Returns these and others. A time in the future is that of a wrong clock. */
		Times and(List<Instant> others, Instant now) {
			Instant latest = now.plus(CertificatePair.CLOCK_SKEW);
			List<Instant> all = Stream.concat(this.times.stream(), others.stream())
				.filter((time) -> !time.isAfter(latest))
				.distinct()
				.sorted()
				.toList();
			boolean over = all.isEmpty() || !all.get(all.size() - 1).isAfter(now.minus(ROW));
			return over ? NONE : new Times(all.subList(Math.max(0, all.size() - MOST), all.size()));
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

		/** Whether another program keeps changing what is stored. */
		boolean isContested() {
			return this.times.size() >= CONTESTED;
		}

	}

}
