package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * The part of a certificate's lifetime in which its rotation deadline falls.
 *
 * @param earliest the fraction of the lifetime at which it begins, above 0
 * @param latest the fraction of the lifetime at which it ends, below 1
 */
public record RotationWindow(double earliest, double latest) {

	/** The default beginning. */
	public static final double EARLIEST = 0.7;

	/** The default end. */
	public static final double LATEST = 0.9;

	private static final Duration LAST_PART = Duration.ofMinutes(5);

	/** From 70 % to 90 % of the lifetime, as the kubelet's. */
	public static final RotationWindow KUBELET = new RotationWindow(EARLIEST, LATEST);

	/**
	 * Creates a window.
	 * @throws IllegalArgumentException unless 0 &lt; earliest &le; latest &lt; 1
	 */
	public RotationWindow {
		if (!(earliest > 0 && earliest <= latest && latest < 1)) {
			throw new IllegalArgumentException(
					"The earliest fraction must be above 0 and at most the latest one, and the latest below 1, but they are %s and %s"
						.formatted(earliest, latest));
		}
	}

	/**
	 * Returns a deadline for a pair.
	 * @param pair the pair
	 * @param random a random number in [0, 1)
	 * @return an instant in the window
	 */
	public Instant deadline(CertificatePair pair, double random) {
		return at(pair, this.earliest + (this.latest - this.earliest) * random);
	}

	/**
	 * Returns the beginning of the window of a pair.
	 * @param pair the pair
	 * @return the first possible deadline
	 */
	public Instant begin(CertificatePair pair) {
		return at(pair, this.earliest);
	}

	/**
	 * Returns the end of the window of a pair.
	 * @param pair the pair
	 * @return the last possible deadline
	 */
	public Instant end(CertificatePair pair) {
		return at(pair, this.latest);
	}

	/**
	 * Returns when a pair that another program manages is about to expire. That program
	 * may replace it late, so that it is not overdue before.
	 * @param pair the pair
	 * @return the beginning of the last twelfth of a lifetime of up to an hour, otherwise
	 * of the last 5 minutes or of the last hundredth, whichever is longer
	 */
	public static Instant lastPart(CertificatePair pair) {
		Duration lifetime = pair.lifetime();
		Duration left = Collections
			.min(List.of(lifetime.dividedBy(12), Collections.max(List.of(LAST_PART, lifetime.dividedBy(100)))));
		return pair.notAfter().minus(left);
	}

	/**
	 * Returns how much of the lifetime of a pair is over.
	 * @param pair the pair
	 * @param now the current time
	 * @return the fraction, above 1 if the pair has expired
	 */
	public static double over(CertificatePair pair, Instant now) {
		return (double) Duration.between(pair.notBefore(), now).toMillis() / pair.lifetime().toMillis();
	}

	/**
	 * Returns an instant in the lifetime of a pair.
	 * @param pair the pair
	 * @param fraction the fraction of the lifetime that is over then
	 * @return the instant
	 */
	public static Instant at(CertificatePair pair, double fraction) {
		return pair.notBefore().plus(Duration.ofMillis(Math.round(pair.lifetime().toMillis() * fraction)));
	}

}
