package io.kubelet.cert.rotation.engine;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.RotationThrottledException;
import io.kubelet.cert.rotation.core.Pause;
import io.kubelet.cert.rotation.internal.SerialExecutor;

/**
 * The rotations that callers request: one at a time, which later callers join, and not
 * more often than once in an interval. Safe for use by several threads.
 */
final class ForcedRotations {

	private final RotationSettings settings;

	private final SerialExecutor serial;

	private final Delivery delivery;

	/** Those who wait for the rotation in progress. */
	private List<CompletableFuture<CertificatePair>> waiting = List.of();

	private Pause interim = Pause.NONE;

	/** Whether nothing is requested any more. */
	private boolean off;

	ForcedRotations(RotationSettings settings, SerialExecutor serial, Delivery delivery) {
		this.settings = settings;
		this.serial = serial;
		this.delivery = delivery;
		this.off = settings.off();
	}

	/**
	 * Joins the rotation that was requested and has not ended, or begins one.
	 * @param start begins a rotation
	 * @return its outcome; failed with a {@link RotationThrottledException} if it is too
	 * early for another one
	 */
	CompletableFuture<CertificatePair> request(Runnable start) {
		CompletableFuture<CertificatePair> requested = new CompletableFuture<>();
		synchronized (this) {
			if (this.off) {
				return CompletableFuture
					.failedFuture(new CancellationException("Rotation of '" + this.settings.name() + "' is off"));
			}
			if (!this.waiting.isEmpty()) {
				this.waiting.add(requested);
				return requested;
			}
			Instant now = this.settings.clock().instant();
			if (!this.interim.isOver(now)) {
				return CompletableFuture.failedFuture(new RotationThrottledException(this.settings.name(),
						this.settings.schedule().forcedInterval(), this.interim.end()));
			}
			this.interim = Pause.of(now, this.settings.schedule().forcedInterval());
			this.waiting = new ArrayList<>(List.of(requested));
		}
		start.run();
		return requested;
	}

	/** Whether a rotation was requested and has not ended. */
	synchronized boolean isRequested() {
		return !this.waiting.isEmpty();
	}

	/**
	 * Completes the futures of the callers of a rotation that has ended, after the task
	 * that is running, so that they find the status complete.
	 */
	void end(List<CompletableFuture<CertificatePair>> ended, Consumer<CompletableFuture<CertificatePair>> completion) {
		this.serial.execute(() -> this.delivery.afterFollowers(() -> ended.forEach(completion)));
	}

	/** Cancels the rotation for good, even if the scheduler runs nothing any more. */
	void stop() {
		List<CompletableFuture<CertificatePair>> ended;
		synchronized (this) {
			this.off = true;
			ended = take();
		}
		this.delivery.afterFollowers(() -> ended.forEach((future) -> future.cancel(false)));
	}

	/** Ends the rotation, whose callers do not learn of it yet. */
	synchronized List<CompletableFuture<CertificatePair>> take() {
		List<CompletableFuture<CertificatePair>> ended = this.waiting;
		this.waiting = List.of();
		return ended;
	}

}
