package io.kubelet.cert.rotation.engine;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other, on the threads of an executor that they share with
 * others, so that what they touch needs no lock. Whatever a task throws, the next one
 * runs.
 */
final class Lane {

	private static final Logger logger = LoggerFactory.getLogger(Lane.class);

	/** There is one of them for each certificate, so it begins small. */
	private final Queue<Runnable> tasks = new ArrayDeque<>(1);

	private final Executor executor;

	private boolean scheduled;

	private boolean draining;

	Lane(Executor executor) {
		this.executor = executor;
	}

	/**
	 * Runs a task soon. If the executor has no thread for it, its exception is thrown,
	 * and the task runs with the next one.
	 */
	void execute(Runnable task) {
		synchronized (this.tasks) {
			this.tasks.add(task);
			if (this.scheduled || this.draining) {
				return;
			}
			this.scheduled = true;
		}
		try {
			this.executor.execute(this::drain);
		}
		catch (Throwable ex) {
			synchronized (this.tasks) {
				this.scheduled = false;
			}
			throw ex;
		}
	}

	private void drain() {
		synchronized (this.tasks) {
			if (this.draining) {
				return;
			}
			this.draining = true;
		}
		for (Runnable task = next(); task != null; task = next()) {
			run(task);
		}
	}

	private @Nullable Runnable next() {
		synchronized (this.tasks) {
			Runnable task = this.tasks.poll();
			if (task == null) {
				this.scheduled = false;
				this.draining = false;
			}
			return task;
		}
	}

	private static void run(Runnable task) {
		try {
			task.run();
		}
		catch (Throwable ex) {
			report(ex);
		}
	}

	private static void report(Throwable problem) {
		try {
			logger.error("A rotation task failed", problem);
		}
		catch (Throwable ex) {
			// No memory for that either
		}
	}

}
