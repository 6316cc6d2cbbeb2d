package io.kubelet.cert.rotation.execution;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs tasks one after the other on the threads of a shared executor, so that their state
 * needs no lock. An exception of a task does not affect the next one.
 */
public final class SerialExecutor {

	private static final Logger logger = LoggerFactory.getLogger(SerialExecutor.class);

	/** There is one for each certificate and listener: small initial capacity. */
	private final Queue<Runnable> tasks = new ArrayDeque<>(1);

	private final Executor executor;

	private final Watchdog watchdog;

	private boolean scheduled;

	private boolean draining;

	/**
	 * Creates an executor for the tasks of one certificate.
	 * @param executor runs the tasks
	 * @param scheduler notices a task that does not return
	 * @param clock the clock
	 * @param limit after which a task is late
	 * @param report accepts the stack of the thread of a task that is late
	 */
	public SerialExecutor(Executor executor, RotationScheduler scheduler, Clock clock, Duration limit,
			Consumer<Throwable> report) {
		this.executor = executor;
		this.watchdog = new Watchdog(scheduler, clock, limit, report);
	}

	/**
	 * Returns since when the current task is late.
	 * @return when it began, {@code null} if it is not late
	 */
	public @Nullable Instant lateSince() {
		return this.watchdog.lateSince();
	}

	/**
	 * Runs a task soon. If the executor has no thread for it, its exception is thrown,
	 * and the task runs with the next one.
	 * @param task the task
	 */
	public void execute(Runnable task) {
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

	private void run(Runnable task) {
		try {
			this.watchdog.watch(task);
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
