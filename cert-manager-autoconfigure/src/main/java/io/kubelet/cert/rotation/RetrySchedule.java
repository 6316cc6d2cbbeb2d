package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.Collections;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.request.RequestException;

import org.jspecify.annotations.Nullable;

/**
 * How long to wait after a failed attempt.
 * <ul>
 * <li>In general: growing waits between the first attempts, then always the same
 * interval. No wait grows past the interval, or past the initial delay if that is
 * longer.</li>
 * <li>While the API server cannot be reached: first at random between the initial delay
 * and almost twice the growing wait, so that many clients do not return together; on
 * average it is the growing wait. Later between 36 and 60 seconds, if the interval is 32
 * seconds; while the certificate is valid for much longer, the wait grows further, up to
 * four intervals on average: a signer has more to do after a long outage. Without jitter
 * it is exactly the growing wait, up to the interval.</li>
 * <li>If the server states when to return ({@code Retry-After}): not before that, but at
 * most an hour and a tenth of what is left of the certificate (at least the interval),
 * and a minute without a valid one; and not before the wait for a server that cannot be
 * reached.</li>
 * <li>After an answer that would be the same again, such as a denial: from a minute,
 * doubling, to an hour.</li>
 * </ul>
 *
 * @param initialDelay the wait after the first failure
 * @param multiplier by how much it grows with each failure, at least 1; it grows up to
 * the interval
 * @param jitter up to which fraction of it is added at random, from 0
 * @param attempts the failed attempt from which on the wait is the interval, at least 1
 * @param interval the wait after each further failure
 */
public record RetrySchedule(Duration initialDelay, double multiplier, double jitter, int attempts, Duration interval) {

	/** The default of the first wait. */
	public static final int INITIAL_SECONDS = 2;

	/** The default growth. */
	public static final int MULTIPLIER = 2;

	/** The default jitter. */
	public static final double JITTER = 0.1;

	/** By default, the wait is the interval from this failed attempt on. */
	public static final int ATTEMPTS = 5;

	/** The default of the later waits. */
	public static final int INTERVAL_SECONDS = 32;

	/** 2, 4, 8 and 16 s, each plus up to 10 %, then every 32 s, as the kubelet's. */
	public static final RetrySchedule KUBELET = new RetrySchedule(Duration.ofSeconds(INITIAL_SECONDS), MULTIPLIER,
			JITTER, ATTEMPTS, Duration.ofSeconds(INTERVAL_SECONDS));

	/** How many intervals a later wait is on average. */
	private static final double LATER = 1.5;

	/** The same, while the certificate is valid for much longer. */
	private static final int LONG_OUTAGE = 4;

	/** Such a wait is a small part of what is left of the certificate. */
	private static final int PARTS = 20;

	private static final Duration ANSWER_MINIMUM = Duration.ofMinutes(1);

	private static final Duration ANSWER_MAXIMUM = Duration.ofHours(1);

	/**
	 * Returns how long to wait.
	 * @param cause why the attempt failed
	 * @param failures how many attempts have failed in a row, from 1
	 * @param left how long the certificate is still valid, negative if it has expired;
	 * {@code null} if it is not valid yet or there is none
	 * @param random a random number in [0, 1)
	 * @return the time until the next attempt
	 */
	public Duration delay(Throwable cause, int failures, @Nullable Duration left, double random) {
		Kind kind = Kind.of(cause);
		if (kind.recovery() == Recovery.RETRY_SLOWLY) {
			return withJitter(slowly(failures), random);
		}
		Duration retryAfter = (cause instanceof RequestException request) ? request.retryAfter() : null;
		if (retryAfter != null) {
			Duration demand = withJitter(atMost(retryAfter, ANSWER_MAXIMUM), random);
			return longer(atMost(demand, longestDemand(left)), unreachable(failures, left, random));
		}
		if (kind == Kind.UNAVAILABLE) {
			return unreachable(failures, left, random);
		}
		return (failures < this.attempts) ? withJitter(growing(failures), random) : this.interval;
	}

	/**
	 * Limits a wait, so that it does not outlast the certificate.
	 * @param wait the wait
	 * @param left how long the certificate is still valid, negative if it has expired;
	 * {@code null} if it is not valid yet or there is none
	 * @return the wait, or at most a minute if the certificate expires before its end
	 */
	public Duration limit(Duration wait, @Nullable Duration left) {
		return (left == null || wait.compareTo(left) < 0) ? wait : atMost(wait, ANSWER_MINIMUM);
	}

	/** The wait that is granted to a server which asks for one. */
	private Duration longestDemand(@Nullable Duration left) {
		return (left == null || left.isNegative() || left.isZero()) ? ANSWER_MINIMUM
				: longer(atMost(left.dividedBy(10), ANSWER_MAXIMUM), this.interval);
	}

	/**
	 * Returns how long to wait before the rotation of a certificate that was due when it
	 * came. The next one will hardly be better.
	 * @param times how many in a row were, from 1
	 * @param left how long the last one is still valid, not positive if it has expired
	 * @param random a random number in [0, 1)
	 * @return as after denials, but at most nine tenths of what is left, and at least as
	 * after other failures
	 */
	public Duration delay(int times, Duration left, double random) {
		boolean expired = left.isNegative() || left.isZero();
		Duration longest = expired ? ANSWER_MINIMUM : left.multipliedBy(9).dividedBy(10);
		return longer(growing(times), atMost(withJitter(slowly(times), random), longest));
	}

	/**
	 * Returns how long to wait in general.
	 * @param failures how many attempts have failed in a row, from 1
	 * @return the growing wait of the first attempts, then the interval, without jitter
	 */
	public Duration growing(int failures) {
		if (failures >= this.attempts) {
			return this.interval;
		}
		return atMost(multiply(this.initialDelay, Math.pow(this.multiplier, failures - 1)),
				longer(this.initialDelay, this.interval));
	}

	/**
	 * The first waits are spread as far as possible. After them, clients are far apart.
	 * The longer the waits are then, and the less they differ, the fewer return at once
	 * after an outage, and the sooner the last one does.
	 */
	private Duration unreachable(int failures, @Nullable Duration left, double random) {
		if (this.jitter == 0 || failures <= this.attempts) {
			return spread(growing(failures), random);
		}
		Duration later = multiply(this.interval, LATER);
		Duration longest = (left != null) ? atMost(left.dividedBy(PARTS), this.interval.multipliedBy(LONG_OUTAGE))
				: later;
		Duration grown = multiply(this.interval, Math.pow(this.multiplier, failures - this.attempts));
		return multiply(longer(later, atMost(grown, longest)), 0.75 + random / 2);
	}

	/** Between the initial delay and its mirror image beyond the wait. */
	private Duration spread(Duration wait, double random) {
		Duration growth = wait.minus(this.initialDelay);
		return (this.jitter == 0 || growth.isNegative() || growth.isZero()) ? withJitter(wait, random)
				: this.initialDelay.plus(multiply(growth, 2 * random));
	}

	/**
	 * Returns how long to wait before what would end in the same way again.
	 * @param times how often it has in a row, from 1
	 * @return a minute, doubling up to an hour
	 */
	public static Duration slowly(int times) {
		return atMost(multiply(ANSWER_MINIMUM, Math.pow(2, times - 1)), ANSWER_MAXIMUM);
	}

	private Duration withJitter(Duration delay, double random) {
		return multiply(delay, 1 + this.jitter * random);
	}

	private static Duration multiply(Duration delay, double factor) {
		return Duration.ofNanos((long) (delay.toNanos() * factor));
	}

	private static Duration atMost(Duration delay, Duration maximum) {
		return Collections.min(List.of(delay, maximum));
	}

	private static Duration longer(Duration one, Duration other) {
		return Collections.max(List.of(one, other));
	}

}
