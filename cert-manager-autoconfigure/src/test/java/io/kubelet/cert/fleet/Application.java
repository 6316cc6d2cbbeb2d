package io.kubelet.cert.fleet;

import io.kubelet.cert.fleet.ControlPlane.Ownership;
import org.jspecify.annotations.Nullable;

/**
 * An application with a certificate.
 */
abstract class Application {

	final ControlPlane plane;

	final Ownership owner;

	private final Tally tally;

	/** Its certificate, {@code null} before the first one. */
	@Nullable DatedCertificate certificate;

	/** Whether a certificate that it needs now is waited for. */
	private boolean awaited;

	Application(ControlPlane plane, Ownership owner, Tally tally) {
		this.plane = plane;
		this.owner = owner;
		this.tally = tally;
	}

	/** Starts, with a certificate or without. */
	abstract void start(@Nullable DatedCertificate stored);

	/** An operator has it rotate now. */
	abstract void rotate();

	/** Whether it needs a certificate now. */
	abstract boolean isDue();

	/** From now on, it is known when it has what it needs. */
	void await() {
		if (isDue() && !this.awaited) {
			this.awaited = true;
			this.tally.awaited++;
		}
	}

	/** It uses another certificate. */
	void use(DatedCertificate certificate) {
		end();
		this.certificate = certificate;
		if (this.awaited) {
			this.awaited = false;
			this.tally.awaited--;
		}
	}

	/** The disk is full, or has room again. */
	void storeFails(boolean fails) {
	}

	/** It does not use the certificate any more. */
	void end() {
		if (this.certificate != null) {
			this.tally.replaced(Timeline.micros(this.certificate.getNotAfter().toInstant()), this.plane.timeline.now());
		}
	}

	/**
	 * What has become of the certificates of all applications.
	 */
	static final class Tally {

		/** Applications that are waited for. */
		int awaited;

		/** Certificates that had expired before they were replaced. */
		int expired;

		/** The longest time that one had been expired, in microseconds. */
		long longest;

		private void replaced(long notAfter, long now) {
			if (now > notAfter) {
				this.expired++;
				this.longest = Math.max(this.longest, now - notAfter);
			}
		}

	}

}
