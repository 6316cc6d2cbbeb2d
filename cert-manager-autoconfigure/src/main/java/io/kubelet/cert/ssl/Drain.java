package io.kubelet.cert.ssl;

import java.time.Duration;

import io.kubelet.cert.rotation.RotationScheduler;

/**
 * How long connections of a previous identity may be used.
 *
 * @param scheduler runs tasks at the end of that time
 * @param grace how long they may be used
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
