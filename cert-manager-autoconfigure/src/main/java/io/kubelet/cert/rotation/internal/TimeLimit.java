package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;

import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * How long a call may take that may not return, such as one of a listener, or of a file
 * system. A call that is late is reported once, and once more when it returns. Nothing
 * interrupts it, because it may be writing a file: it keeps its thread, and whoever waits
 * for it goes on without it.
 */
public final class TimeLimit {

	private static final Logger logger = LoggerFactory.getLogger(TimeLimit.class);

	private final RotationScheduler scheduler;

	private final Duration limit;

	private final Function<Throwable, Runnable> report;

	/**
	 * Creates a limit.
	 * @param scheduler notices that the time is over
	 * @param limit after which a call is late
	 * @param report reports that a call is late, given the stack of its thread, and
	 * returns what reports that it has returned
	 */
	public TimeLimit(RotationScheduler scheduler, Duration limit, Function<Throwable, Runnable> report) {
		this.scheduler = scheduler;
		this.limit = limit;
		this.report = report;
	}

	/**
	 * Runs a call on this thread, and reports it if it does not return in time.
	 * @param call the call
	 */
	public void run(Runnable call) {
		Thread thread = Thread.currentThread();
		CompletableFuture<?> returned = new CompletableFuture<>();
		try {
			Runnable cancel = this.scheduler.schedule(() -> late(thread, returned), this.limit);
			returned.thenRun(cancel);
		}
		catch (RuntimeException | Error ex) {
			// The call, which may be all that schedules the next one, is not lost
			log("A rotation task is not watched", ex);
		}
		try {
			call.run();
		}
		finally {
			returned.complete(null);
		}
	}

	private void late(Thread thread, CompletableFuture<?> returned) {
		if (!returned.isDone()) {
			Throwable stack = new Throwable("The stack of thread " + thread.getName());
			stack.setStackTrace(thread.getStackTrace());
			returned.thenRun(this.report.apply(stack));
		}
	}

	/**
	 * Completes a future when the time is over, whatever it waits for: after twice that
	 * time even if the scheduler has ended, since a thread may wait for it.
	 */
	void end(CompletableFuture<?> future) {
		if (!future.isDone()) {
			Runnable cancel = this.scheduler.schedule(() -> future.complete(null), this.limit);
			future.whenComplete((result, failure) -> cancel.run());
			future.completeOnTimeout(null, 2 * this.limit.toMillis(), TimeUnit.MILLISECONDS);
		}
	}

	static void log(String message, Throwable problem) {
		try {
			logger.error(message, problem);
		}
		catch (Throwable ex) {
			// No memory for that either: the tasks go on
		}
	}

}
