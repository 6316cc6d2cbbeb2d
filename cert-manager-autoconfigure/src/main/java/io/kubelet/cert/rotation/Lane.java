package io.kubelet.cert.rotation;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the tasks of one certificate on the shared scheduler, one after the other, so that
 * what they touch needs no lock.
 */
final class Lane {

	private static final Logger logger = LoggerFactory.getLogger(Lane.class);

	private final Queue<Runnable> tasks = new ArrayDeque<>();

	private final RotationScheduler scheduler;

	private boolean draining;

	Lane(RotationScheduler scheduler) {
		this.scheduler = scheduler;
	}

	/** Run a task soon, on a thread of the scheduler. */
	void execute(Runnable task) {
		synchronized (this.tasks) {
			this.tasks.add(task);
			if (this.draining) {
				return;
			}
			this.draining = true;
		}
		this.scheduler.schedule(this::drain, Duration.ZERO);
	}

	private void drain() {
		for (Runnable task = next(); task != null; task = next()) {
			try {
				task.run();
			}
			catch (RuntimeException ex) {
				logger.error("A rotation task failed", ex);
			}
		}
	}

	private @Nullable Runnable next() {
		synchronized (this.tasks) {
			Runnable task = this.tasks.poll();
			this.draining = (task != null);
			return task;
		}
	}

}
