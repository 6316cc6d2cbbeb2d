package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.rotation.internal.TimeLimit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The scheduler of all certificates: a timer, and two daemon threads that end when idle,
 * or virtual threads if the application uses them. A task that keeps its thread for a
 * second, such as one that accesses a file on a volume that hangs, has another thread
 * added for the others.
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

	/** After which another thread takes the place of the one that a task keeps. */
	private final TimeLimit limit;

	/** How many tasks keep their threads. */
	private int kept;

	private SharedScheduler(ThreadFactory workers) {
		CustomizableThreadFactory timer = new CustomizableThreadFactory(THREAD_NAME_PREFIX + "timer-");
		timer.setDaemon(true);
		this.timer = new ScheduledThreadPoolExecutor(1, timer);
		this.timer.setRemoveOnCancelPolicy(true);
		this.timers = RotationScheduler.of(this.timer);
		this.workers = new ThreadPoolExecutor(THREADS, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), workers, new ThreadPoolExecutor.DiscardPolicy());
		this.workers.allowCoreThreadTimeOut(true);
		this.limit = new TimeLimit(this.timers, Duration.ofSeconds(1), (stack) -> {
			keep(1);
			return () -> keep(-1);
		});
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
			this.workers.execute(() -> this.limit.run(task));
		}
		catch (OutOfMemoryError ex) {
			logger.error("No thread can be started for the rotation of certificates, which is delayed until one can. "
					+ "Check the limits on threads and memory", ex);
			schedule(task, Duration.ofSeconds(KEEP_ALIVE_SECONDS));
		}
	}

	private synchronized void keep(int threads) {
		this.kept += threads;
		try {
			this.workers.setCorePoolSize(Math.max(THREADS, this.kept + 1));
		}
		catch (OutOfMemoryError ex) {
			// No thread can be started now: the next task tries again
		}
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
