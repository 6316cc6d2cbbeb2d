package io.kubelet.cert.autoconfigure;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.TaskRejectedException;
import org.springframework.scheduling.TaskScheduler;

/**
 * Runs tasks on a few threads. A task that has not returned for a second, such as one
 * that accesses a file on a volume that hangs, is replaced by another thread until it
 * does, so that it delays no other task for longer.
 */
final class WorkerThreads implements Executor {

	private static final int SIZE = 2;

	private static final int KEEP_ALIVE_SECONDS = 5;

	private static final Duration PATIENCE = Duration.ofSeconds(1);

	private final TaskScheduler timers;

	private final ThreadPoolExecutor threads;

	WorkerThreads(TaskScheduler timers, ThreadFactory factory) {
		this.timers = timers;
		this.threads = new ThreadPoolExecutor(SIZE, SIZE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new LinkedBlockingQueue<>(), factory, new ThreadPoolExecutor.DiscardPolicy());
		this.threads.allowCoreThreadTimeOut(true);
	}

	@Override
	public void execute(Runnable task) {
		this.threads.execute(new Task(task));
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

	private synchronized void resize(int by) {
		int size = this.threads.getCorePoolSize() + by;
		if (by > 0) {
			this.threads.setMaximumPoolSize(size);
			this.threads.setCorePoolSize(size);
		}
		else {
			this.threads.setCorePoolSize(size);
			this.threads.setMaximumPoolSize(size);
		}
	}

	private final class Task implements Runnable {

		private final Runnable task;

		private boolean returned;

		private boolean replaced;

		Task(Runnable task) {
			this.task = task;
		}

		@Override
		public void run() {
			Future<?> timer = watch();
			try {
				this.task.run();
			}
			finally {
				timer.cancel(false);
				end();
			}
		}

		/** While the application closes, tasks run without a time limit. */
		private Future<?> watch() {
			try {
				return WorkerThreads.this.timers.schedule(this::replace,
						WorkerThreads.this.timers.getClock().instant().plus(PATIENCE));
			}
			catch (TaskRejectedException ex) {
				return CompletableFuture.completedFuture(null);
			}
		}

		private synchronized void replace() {
			if (!this.returned) {
				this.replaced = true;
				resize(1);
			}
		}

		private synchronized void end() {
			this.returned = true;
			if (this.replaced) {
				resize(-1);
			}
		}

	}

}
