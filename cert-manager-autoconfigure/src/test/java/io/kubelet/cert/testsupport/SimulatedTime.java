package io.kubelet.cert.testsupport;

import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.NavigableSet;
import java.util.TreeSet;

import io.kubelet.cert.rotation.RotationScheduler;

/**
 * A clock and a scheduler that go as fast as the test wants. Timers run on a monotonic
 * time; the wall clock can be set without it.
 */
public final class SimulatedTime extends Clock implements RotationScheduler {

	private final NavigableSet<Task> tasks = new TreeSet<>(Comparator.comparing(Task::at).thenComparing(Task::number));

	private Instant monotonic = Instant.EPOCH;

	private Duration wallOffset;

	private long number;

	public SimulatedTime(Instant start) {
		this.wallOffset = Duration.between(Instant.EPOCH, start);
	}

	@Override
	public Instant instant() {
		return this.monotonic.plus(this.wallOffset);
	}

	@Override
	public ZoneId getZone() {
		return ZoneOffset.UTC;
	}

	@Override
	public Clock withZone(ZoneId zone) {
		return this;
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		Task scheduled = new Task(this.monotonic.plus(delay.isNegative() ? Duration.ZERO : delay), this.number++, task);
		this.tasks.add(scheduled);
		return () -> this.tasks.remove(scheduled);
	}

	/** Let time pass, and run what is due in it. */
	public void pass(Duration duration) {
		Instant end = this.monotonic.plus(duration);
		while (!this.tasks.isEmpty() && !this.tasks.first().at.isAfter(end)) {
			Task task = this.tasks.pollFirst();
			this.monotonic = task.at.isAfter(this.monotonic) ? task.at : this.monotonic;
			task.task.run();
		}
		this.monotonic = end;
	}

	/** Run what is due now. */
	public void settle() {
		pass(Duration.ZERO);
	}

	/** Set the wall clock forward or back; timers do not notice. */
	public void setClock(Duration by) {
		this.wallOffset = this.wallOffset.plus(by);
	}

	/** How many tasks are scheduled. */
	public int scheduled() {
		return this.tasks.size();
	}

	private record Task(Instant at, long number, Runnable task) {

	}

}
