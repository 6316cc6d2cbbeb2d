package io.kubelet.cert.rotation.core;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
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
public record Repair(Repairs all, Repairs adoptions, List<String> replaced, Pause pause, @Nullable String failure) {

	static final Repair NONE = new Repair(Repairs.NONE, Repairs.NONE, List.of(), Pause.NONE, null);

	private static final String CONTESTED = "Another program%s keeps changing the pair in %s. The pair in use stays in "
			+ "memory, and is stored again after pauses of up to an hour. Have that program leave the data of it alone, "
			+ "or use another: with cert-manager, give its Certificate another 'secretName'; with Argo CD, use "
			+ "'ignoreDifferences'; or change 'store.secret'";

	/** Of which a program may put back one. */
	private static final int REPLACED_PAIRS = 20;

	private static final Duration RETRY = Duration.ofMinutes(1);

	/** What another replica has written says whether there is still anything to do. */
	private static final Duration CONFLICT = Duration.ofSeconds(1);

	/** All of them, in which no other replica has a part or all have. */
	Repairs times(Instant now) {
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
		return new Repair(this.all, this.adoptions,
				Stream.concat(Stream.of(pair.serialNumber()), this.replaced.stream()).limit(REPLACED_PAIRS).toList(),
				this.pause, this.failure);
	}

	/**
	 * A replica has stored a pair that was issued after ours. If ours is that of a
	 * backup, it has replaced the later one here only, and replicas would replace it in
	 * turn.
	 */
	Repair readmitting(CertificatePair later, CertificatePair ours) {
		return !wasReplaced(later)
				|| !later.leaf().getIssuerX500Principal().equals(ours.leaf().getIssuerX500Principal())
				|| !later.leaf().getNotBefore().after(ours.leaf().getNotBefore())
						? this
						: new Repair(this.all, this.adoptions,
								this.replaced.stream()
									.filter((serialNumber) -> !serialNumber.equals(later.serialNumber()))
									.toList(),
								this.pause, this.failure);
	}

	boolean wasReplaced(CertificatePair pair) {
		return this.replaced.contains(pair.serialNumber());
	}

	/** The pair in use could not be stored again. */
	Repair failed(String failure, Instant now) {
		return new Repair(this.all, this.adoptions, this.replaced, Pause.of(now, RETRY), failure);
	}

	/** Another replica has written something else first. */
	Repair conflicted(Instant now) {
		return new Repair(this.all, this.adoptions, this.replaced, Pause.of(now, CONFLICT), this.failure);
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
	@Nullable String report(@Nullable String problem, String otherWriter, String store, Instant now) {
		return !times(now).isContested() ? ((this.failure != null) ? this.failure : problem)
				: CONTESTED.formatted(otherWriter.isEmpty() ? "" : " ('" + otherWriter + "')", store);
	}

}
