package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.util.concurrent.Executor;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks on a few threads. A task that has not returned for a second, such as one
 * that accesses a file on a volume that hangs, is replaced by another thread until it
 * does, so that it delays no other task for longer.
 */
final class WorkerThreads implements Executor {

	private static final Logger logger = LoggerFactory.getLogger(WorkerThreads.class);

	private static final int SIZE = 2;

	private static final int KEEP_ALIVE_SECONDS = 5;

	private static final Duration PATIENCE = Duration.ofSeconds(1);

	private final RotationScheduler timers;

	private final ThreadPoolExecutor threads;

	/** Whether no thread could be started for the last task. */
	private final AtomicBoolean exhausted = new AtomicBoolean();

	/** How many threads run a task that has not returned. */
	private int replaced;

	WorkerThreads(RotationScheduler timers, ThreadFactory factory) {
		this.timers = timers;
		this.threads = new ThreadPoolExecutor(SIZE, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), factory, new ThreadPoolExecutor.DiscardPolicy());
		this.threads.allowCoreThreadTimeOut(true);
	}

	/** If no thread can be started for it, as for lack of memory, it runs later. */
	@Override
	public void execute(Runnable task) {
		try {
			this.threads.execute(() -> run(task));
			if (this.exhausted.compareAndSet(true, false)) {
				logger.info("Threads can be started for the rotation of certificates again");
			}
		}
		catch (Throwable ex) {
			if (this.exhausted.compareAndSet(false, true)) {
				logger.error("No thread can be started for the rotation of certificates, which is delayed until "
						+ "one can. Check the limits on threads and memory", ex);
			}
			this.timers.schedule(() -> execute(task), PATIENCE);
		}
	}

	/** Whichever is first, the timer or the end of the task, sets the flag. */
	private void run(Runnable task) {
		AtomicBoolean ended = new AtomicBoolean();
		Runnable cancelTimer = this.timers.schedule(() -> {
			if (ended.compareAndSet(false, true)) {
				resize(1);
			}
		}, PATIENCE);
		try {
			task.run();
		}
		finally {
			cancelTimer.run();
			if (!ended.compareAndSet(false, true)) {
				resize(-1);
			}
		}
	}

	/**
	 * As the queue has no limit, there are never more threads than the core size. The end
	 * of a task may be counted shortly before its replacement.
	 */
	private synchronized void resize(int by) {
		this.replaced += by;
		this.threads.setCorePoolSize(SIZE + Math.max(this.replaced, 0));
	}

	/**
	 * Shuts down without interrupting a thread, which may be writing a file. Tasks that
	 * have not begun are dropped.
	 * @param limit how long to wait for the tasks that are running
	 */
	void shutdown(Duration limit) {
		this.threads.getQueue().clear();
		this.threads.shutdown();
		try {
			this.threads.awaitTermination(limit.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			Thread.currentThread().interrupt();
		}
	}

}
