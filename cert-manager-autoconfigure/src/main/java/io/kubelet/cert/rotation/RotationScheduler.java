package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Runs the managers' tasks later. One scheduler serves any number of certificates.
 */
@FunctionalInterface
public interface RotationScheduler {

	/**
	 * Runs a task once.
	 * @param task the task
	 * @param delay how long to wait, zero to run it as soon as a thread is free
	 * @return a way to cancel the task
	 */
	Runnable schedule(Runnable task, Duration delay);

	/**
	 * Returns a scheduler that uses an executor. Once the executor is shut down, nothing
	 * is run any more.
	 * @param executor the executor
	 * @return the scheduler
	 */
	static RotationScheduler of(ScheduledExecutorService executor) {
		return (task, delay) -> {
			try {
				// Limits the delay: a certificate may end in the year 9999
				Future<?> future = executor.schedule(task, TimeUnit.NANOSECONDS.convert(delay), TimeUnit.NANOSECONDS);
				return () -> future.cancel(false);
			}
			catch (RejectedExecutionException ex) {
				return () -> {
				};
			}
		};
	}

}
