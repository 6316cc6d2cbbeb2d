package io.kubelet.cert.rotation.execution;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.function.Consumer;

import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

/**
 * Reports a call that does not return in time, with the stack of its thread. It watches
 * one call at a time.
 */
final class Watchdog {

	private final RotationScheduler scheduler;

	private final Clock clock;

	private final Duration limit;

	private final Consumer<Throwable> report;

	private @Nullable Thread thread;

	private @Nullable Instant lateSince;

	Watchdog(RotationScheduler scheduler, Clock clock, Duration limit, Consumer<Throwable> report) {
		this.scheduler = scheduler;
		this.clock = clock;
		this.limit = limit;
		this.report = report;
	}

	/** Runs a call on this thread. */
	void watch(Runnable call) {
		Instant start = this.clock.instant();
		begin();
		Runnable cancel = schedule(start);
		try {
			call.run();
		}
		finally {
			end();
			cancel.run();
		}
	}

	/** A call is made even if it cannot be watched. */
	private Runnable schedule(Instant start) {
		try {
			return this.scheduler.schedule(() -> late(start), this.limit);
		}
		catch (Throwable ex) {
			return () -> {
			};
		}
	}

	private synchronized void begin() {
		this.thread = Thread.currentThread();
	}

	private synchronized void end() {
		this.thread = null;
		this.lateSince = null;
	}

	private void late(Instant start) {
		Throwable stack;
		synchronized (this) {
			Thread thread = this.thread;
			if (thread == null) {
				return;
			}
			this.lateSince = start;
			stack = new Throwable("The stack of thread " + thread.getName());
			stack.setStackTrace(thread.getStackTrace());
		}
		this.report.accept(stack);
	}

	/** Returns when the call that is late began. From any thread. */
	synchronized @Nullable Instant lateSince() {
		return this.lateSince;
	}

}
