package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Future;

import io.kubelet.cert.rotation.RotationScheduler;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;
import org.springframework.scheduling.concurrent.SimpleAsyncTaskScheduler;
import org.springframework.scheduling.concurrent.ThreadPoolTaskScheduler;

/**
 * The one scheduler of all certificates: two daemon threads, or virtual threads where the
 * application uses them.
 */
final class SharedScheduler implements RotationScheduler, DisposableBean {

	private static final String THREAD_NAME_PREFIX = "certificate-rotation-";

	private static final Duration TERMINATION = Duration.ofSeconds(1);

	private final TaskScheduler scheduler;

	private final Runnable shutdown;

	private SharedScheduler(TaskScheduler scheduler, Runnable shutdown) {
		this.scheduler = scheduler;
		this.shutdown = shutdown;
	}

	static SharedScheduler ofPlatformThreads() {
		ThreadPoolTaskScheduler scheduler = new ThreadPoolTaskScheduler();
		scheduler.setPoolSize(2);
		scheduler.setDaemon(true);
		scheduler.setRemoveOnCancelPolicy(true);
		scheduler.setThreadNamePrefix(THREAD_NAME_PREFIX);
		// What is being stored is stored whole; nothing is cut short by an interrupt
		scheduler.setWaitForTasksToCompleteOnShutdown(true);
		scheduler.setExecuteExistingDelayedTasksAfterShutdownPolicy(false);
		scheduler.setAwaitTerminationMillis(TERMINATION.toMillis());
		scheduler.initialize();
		return new SharedScheduler(scheduler, scheduler::shutdown);
	}

	static SharedScheduler ofVirtualThreads() {
		SimpleAsyncTaskScheduler scheduler = new SimpleAsyncTaskScheduler();
		scheduler.setVirtualThreads(true);
		scheduler.setTaskTerminationTimeout(TERMINATION.toMillis());
		scheduler.setThreadNamePrefix(THREAD_NAME_PREFIX);
		return new SharedScheduler(scheduler, scheduler::close);
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		try {
			Instant start = this.scheduler.getClock().instant().plus(delay);
			Future<?> future = this.scheduler.schedule(task, start);
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
