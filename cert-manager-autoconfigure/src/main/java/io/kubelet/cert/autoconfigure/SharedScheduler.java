package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The scheduler of all certificates: a timer, and two daemon threads that end when idle,
 * or virtual threads if the application uses them. While tasks that block, such as those
 * that access files on a volume that hangs, keep all threads from others, another thread
 * is added each second.
 */
final class SharedScheduler implements RotationScheduler, DisposableBean {

	private static final Logger logger = LoggerFactory.getLogger(SharedScheduler.class);

	private static final String THREAD_NAME_PREFIX = "certificate-rotation-";

	private static final int THREADS = 2;

	private static final int KEEP_ALIVE_SECONDS = 5;

	private final ScheduledThreadPoolExecutor timer;

	/** Runs the tasks that are due. */
	private final ThreadPoolExecutor workers;

	private final RotationScheduler timers;

	/** Whether it is watched that tasks that wait are taken; only the timer uses this. */
	private boolean watched;

	private SharedScheduler(ThreadFactory workers) {
		CustomizableThreadFactory timer = new CustomizableThreadFactory(THREAD_NAME_PREFIX + "timer-");
		timer.setDaemon(true);
		this.timer = new ScheduledThreadPoolExecutor(1, timer);
		this.timer.setRemoveOnCancelPolicy(true);
		this.timers = RotationScheduler.of(this.timer);
		this.workers = new ThreadPoolExecutor(THREADS, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), workers, new ThreadPoolExecutor.DiscardPolicy());
		this.workers.allowCoreThreadTimeOut(true);
	}

	static SharedScheduler ofPlatformThreads() {
		CustomizableThreadFactory workers = new CustomizableThreadFactory(THREAD_NAME_PREFIX);
		workers.setDaemon(true);
		return new SharedScheduler(workers);
	}

	static SharedScheduler ofVirtualThreads() {
		return new SharedScheduler(new VirtualThreadTaskExecutor(THREAD_NAME_PREFIX).getVirtualThreadFactory());
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		return this.timers.schedule(() -> run(task), delay);
	}

	private void run(Runnable task) {
		try {
			this.workers.execute(task);
		}
		catch (OutOfMemoryError ex) {
			logger.error("No thread can be started for the rotation of certificates, which is delayed until one can. "
					+ "Check the limits on threads and memory", ex);
			schedule(task, Duration.ofSeconds(KEEP_ALIVE_SECONDS));
		}
		if (!this.watched && !this.workers.getQueue().isEmpty()) {
			this.watched = true;
			watch();
		}
	}

	/** Adds a thread if all of them have hung for a second while tasks wait. */
	private void watch() {
		long completed = this.workers.getCompletedTaskCount();
		this.timers.schedule(() -> {
			int size = this.workers.getCorePoolSize();
			boolean waiting = !this.workers.getQueue().isEmpty();
			this.watched = waiting || size > THREADS;
			if (this.watched) {
				// Before an OutOfMemoryError: a thread may be started later
				watch();
			}
			if (!waiting) {
				this.workers.setCorePoolSize(Math.max(THREADS, this.workers.getActiveCount() + 1));
			}
			else if (this.workers.getCompletedTaskCount() == completed) {
				this.workers.setCorePoolSize(size + 1);
			}
		}, Duration.ofSeconds(1));
	}

	/** Interrupts no task, which may be writing a file. */
	@Override
	public void destroy() {
		this.timer.shutdownNow();
		this.workers.getQueue().clear();
		this.workers.shutdown();
		try {
			this.workers.awaitTermination(1, TimeUnit.SECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
