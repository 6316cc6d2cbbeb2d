package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * Decides which failures in a row are worth a line in the log: the first ones, each that
 * says something new, and of the others ever fewer, down to one in an hour.
 */
public final class Repetitions {

	/** A message that is never the same must not fill the memory. */
	private static final int MOST_KNOWN = 20;

	private static final Duration SHORTEST = Duration.ofMinutes(1);

	private static final Duration LONGEST = Duration.ofHours(1);

	private final int first;

	private final Set<String> known = new HashSet<>();

	private Instant last = Instant.MIN;

	private Duration gap = SHORTEST;

	/** Creates it for what is tried again after a pause: five failures are logged. */
	public Repetitions() {
		this(5);
	}

	/**
	 * Creates it.
	 * @param first how many failures in a row are logged, whatever they say
	 */
	public Repetitions(int first) {
		this.first = first;
	}

	/**
	 * Notes a failure.
	 * @param text what is said of it, without times
	 * @param count how many have failed in a row
	 * @param now the time of the failure
	 * @return whether it is worth a line
	 */
	public boolean isToBeLogged(String text, int count, Instant now) {
		if (count == 1) {
			this.known.clear();
			this.gap = SHORTEST;
		}
		boolean isNew = this.known.size() < MOST_KNOWN && this.known.add(text);
		boolean isDue = now.isBefore(this.last) || !now.isBefore(this.last.plus(this.gap));
		if (!isNew && count > this.first && !isDue) {
			return false;
		}
		if (count > this.first) {
			this.gap = isNew ? SHORTEST : Collections.min(List.of(this.gap.multipliedBy(2), LONGEST));
		}
		this.last = now;
		return true;
	}

}
