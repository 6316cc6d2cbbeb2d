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
 * @param pause before a repair that has failed is repeated
 */
public record Repair(Repairs all, Repairs adoptions, List<String> replaced, Pause pause) {

	static final Repair NONE = new Repair(Repairs.NONE, Repairs.NONE, List.of(), Pause.NONE);

	private static final String CONTESTED = "Another program%s keeps changing the pair in %s. The pair in use stays in "
			+ "memory, and is stored again after pauses of up to an hour. Have that program leave the data of it alone, "
			+ "or use another: with cert-manager, give its Certificate another 'secretName'; with Argo CD, use "
			+ "'ignoreDifferences'; or change 'store.secret'";

	/** Of which a program may put back one. */
	private static final int REPLACED_PAIRS = 20;

	private static final Duration RETRY = Duration.ofMinutes(1);

	/** All of them, in which no other replica has a part or all have. */
	Repairs times(Instant now) {
		return this.all.and(this.adoptions.times(), now);
	}

	/** What the store says of repairs. */
	Repair and(List<Instant> stored, Instant now) {
		return stored.isEmpty() ? this
				: new Repair(this.all.and(stored, now), this.adoptions, this.replaced, this.pause);
	}

	Repair adopted(Instant now) {
		return new Repair(this.all, this.adoptions.and(List.of(now), now), this.replaced, this.pause);
	}

	/** A replica has stored another pair in the place of this one. */
	Repair replaced(CertificatePair pair) {
		return new Repair(this.all, this.adoptions,
				Stream.concat(Stream.of(pair.serialNumber()), this.replaced.stream()).limit(REPLACED_PAIRS).toList(),
				this.pause);
	}

	boolean wasReplaced(CertificatePair pair) {
		return this.replaced.contains(pair.serialNumber());
	}

	Repair failed(Instant now) {
		return new Repair(this.all, this.adoptions, this.replaced, Pause.of(now, RETRY));
	}

	/**
	 * Returns what is wrong with the stored pair. That another program keeps changing it
	 * is reported in place of what follows from that.
	 */
	@Nullable String report(@Nullable String problem, String otherWriter, String store, Instant now) {
		return !times(now).isContested() ? problem
				: CONTESTED.formatted(otherWriter.isEmpty() ? "" : " ('" + otherWriter + "')", store);
	}

}
