package io.kubelet.cert.autoconfigure.settings;

import java.time.Duration;

/**
 * When a certificate rotates.
 */
class RotationProperties {

	/**
	 * Fraction of the lifetime before which the certificate is not rotated.
	 */
	private double earliest = 0.7;

	/**
	 * Fraction of the lifetime by which the certificate is rotated. The rotation deadline
	 * is a random moment between earliest and latest.
	 */
	private double latest = 0.9;

	/**
	 * How long to wait for approval and signature before an attempt counts as failed.
	 */
	private Duration waitTimeout = Duration.ofMinutes(15);

	/**
	 * Shortest time between two rotations that are requested through the endpoint or the
	 * API.
	 */
	private Duration forcedInterval = Duration.ofSeconds(10);

	/**
	 * Waits between attempts.
	 */
	private final Retry retry = new Retry();

	public double getEarliest() {
		return this.earliest;
	}

	public void setEarliest(double earliest) {
		this.earliest = earliest;
	}

	public double getLatest() {
		return this.latest;
	}

	public void setLatest(double latest) {
		this.latest = latest;
	}

	public Duration getWaitTimeout() {
		return this.waitTimeout;
	}

	public void setWaitTimeout(Duration waitTimeout) {
		this.waitTimeout = waitTimeout;
	}

	public Duration getForcedInterval() {
		return this.forcedInterval;
	}

	public void setForcedInterval(Duration forcedInterval) {
		this.forcedInterval = forcedInterval;
	}

	public Retry getRetry() {
		return this.retry;
	}

	/**
	 * Waits between attempts.
	 */
	static class Retry {

		/**
		 * Wait after the first failure.
		 */
		private Duration initialDelay = Duration.ofSeconds(2);

		/**
		 * Factor by which the wait grows with each failure, up to the interval.
		 */
		private double multiplier = 2;

		/**
		 * Fraction of the wait that is added at random. With 0, the waits are exact, also
		 * while the API server cannot be reached.
		 */
		private double jitter = 0.1;

		/**
		 * Number of attempts with growing waits.
		 */
		private int attempts = 5;

		/**
		 * Wait after each further failure.
		 */
		private Duration interval = Duration.ofSeconds(32);

		public Duration getInitialDelay() {
			return this.initialDelay;
		}

		public void setInitialDelay(Duration initialDelay) {
			this.initialDelay = initialDelay;
		}

		public double getMultiplier() {
			return this.multiplier;
		}

		public void setMultiplier(double multiplier) {
			this.multiplier = multiplier;
		}

		public double getJitter() {
			return this.jitter;
		}

		public void setJitter(double jitter) {
			this.jitter = jitter;
		}

		public int getAttempts() {
			return this.attempts;
		}

		public void setAttempts(int attempts) {
			this.attempts = attempts;
		}

		public Duration getInterval() {
			return this.interval;
		}

		public void setInterval(Duration interval) {
			this.interval = interval;
		}

	}

}
