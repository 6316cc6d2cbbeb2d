package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;

import io.kubelet.cert.rotation.RotationScheduler;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * The scheduler of all certificates: a timer and two daemon threads, or virtual threads
 * if the application uses them. A task that blocks does not delay the others.
 */
final class SharedScheduler implements RotationScheduler, DisposableBean {

	private static final String THREAD_NAME_PREFIX = "certificate-rotation-";

	private static final Duration TERMINATION = Duration.ofSeconds(1);

	private final TaskScheduler timers;

	/** Runs the tasks that are due. */
	private final Executor workers;

	private final Runnable shutdown;

	private SharedScheduler(TaskScheduler timers, Executor workers, Runnable shutdown) {
		this.timers = timers;
		this.workers = workers;
		this.shutdown = shutdown;
	}

	static SharedScheduler ofPlatformThreads() {
		ThreadPoolTaskScheduler timers = new ThreadPoolTaskScheduler();
		timers.setDaemon(true);
		timers.setRemoveOnCancelPolicy(true);
		timers.setThreadNamePrefix(THREAD_NAME_PREFIX + "timer-");
		timers.initialize();
		CustomizableThreadFactory threads = new CustomizableThreadFactory(THREAD_NAME_PREFIX);
		threads.setDaemon(true);
		WorkerThreads workers = new WorkerThreads(RotationScheduler.of(timers.getScheduledExecutor()), threads);
		return new SharedScheduler(timers, workers, () -> {
			timers.shutdown();
			workers.shutdown(TERMINATION);
		});
	}

	static SharedScheduler ofVirtualThreads() {
		SimpleAsyncTaskScheduler timers = new SimpleAsyncTaskScheduler();
		timers.setVirtualThreads(true);
		timers.setTaskTerminationTimeout(TERMINATION.toMillis());
		timers.setThreadNamePrefix(THREAD_NAME_PREFIX);
		// Each timer has a virtual thread of its own already
		return new SharedScheduler(timers, Runnable::run, timers::close);
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		try {
			Instant start = this.timers.getClock().instant().plus(delay);
			Future<?> future = this.timers.schedule(() -> this.workers.execute(task), start);
			return () -> future.cancel(false);
		}
		catch (TaskRejectedException ex) {
			// The application is closing
			return () -> {
			};
		}
	}

	@Override
	public void destroy() {
		this.shutdown.run();
	}

}
