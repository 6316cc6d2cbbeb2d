package io.kubelet.cert.ssl;

import java.time.Duration;

import io.kubelet.cert.rotation.RotationScheduler;

/**
 * How long connections that were made with a previous identity may go on.
 *
 * @param scheduler runs what comes later
 * @param grace how long they may go on
 */
public record Drain(RotationScheduler scheduler, Duration grace) {

	/**
	 * Runs a task after some time.
	 * @param time the time
	 * @param task the task
	 */
	public void after(Duration time, Runnable task) {
		this.scheduler.schedule(task, time);
	}

	/**
	 * Runs a task when the time is over.
	 * @param task the task
	 */
	public void atEnd(Runnable task) {
		after(this.grace, task);
	}

}
