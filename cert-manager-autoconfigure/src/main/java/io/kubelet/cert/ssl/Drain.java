package io.kubelet.cert.ssl;

import java.time.Duration;

import io.kubelet.cert.rotation.RotationScheduler;

/**
 * How long connections that were made with an old identity may go on.
 *
 * @param scheduler what to wait by
 * @param grace how long they may go on
 */
public record Drain(RotationScheduler scheduler, Duration grace) {

	void now(Runnable task) {
		this.scheduler.schedule(task, Duration.ZERO);
	}

	void after(Duration time, Runnable task) {
		this.scheduler.schedule(task, time);
	}

	void atEnd(Runnable task) {
		after(this.grace, task);
	}

}
