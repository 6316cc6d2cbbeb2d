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
import org.jspecify.annotations.Nullable;

/**
 * A clock and a scheduler that go as fast as the test wants. Timers run on a monotonic
 * time; the wall clock can be set without it. Any thread may schedule; one lets time
 * pass.
 */
public final class SimulatedTime extends Clock implements RotationScheduler {

	/** More than any test needs at one instant. */
	private static final int LIMIT = 10_000;

	private final NavigableSet<Task> tasks = new TreeSet<>(Comparator.comparing(Task::at).thenComparing(Task::number));

	private Instant monotonic = Instant.EPOCH;

	private Duration wallOffset;

	/** Kept, since it is read far more often than it changes. */
	private Instant wall;

	private long number;

	public SimulatedTime(Instant start) {
		this.wallOffset = Duration.between(Instant.EPOCH, start);
		this.wall = start;
	}

	@Override
	public synchronized Instant instant() {
		return this.wall;
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
	public synchronized Runnable schedule(Runnable task, Duration delay) {
		Task scheduled = new Task(this.monotonic.plus(delay.isNegative() ? Duration.ZERO : delay), this.number++, task);
		this.tasks.add(scheduled);
		return () -> cancel(scheduled);
	}

	private synchronized void cancel(Task task) {
		this.tasks.remove(task);
	}

	/**
	 * Let time pass, and run what is due in it.
	 * @throws IllegalStateException if tasks follow each other without end and time
	 * stands still
	 */
	public void pass(Duration duration) {
		Instant end = monotonic().plus(duration);
		Instant last = Instant.MIN;
		int count = 0;
		for (Task task = next(end); task != null; task = next(end)) {
			count = task.at.equals(last) ? count + 1 : 0;
			last = task.at;
			if (count > LIMIT) {
				throw new IllegalStateException("More than " + LIMIT + " tasks ran at " + instant());
			}
			task.task.run();
		}
	}

	/** The time of the timers, which setting the wall clock does not change. */
	public synchronized Instant monotonic() {
		return this.monotonic;
	}

	/** The next task that is due by then; none when it is then. */
	private synchronized @Nullable Task next(Instant end) {
		Task task = this.tasks.isEmpty() ? null : this.tasks.first();
		if (task == null || task.at.isAfter(end)) {
			moveTo(end);
			return null;
		}
		if (task.at.isAfter(this.monotonic)) {
			moveTo(task.at);
		}
		return this.tasks.pollFirst();
	}

	private void moveTo(Instant monotonic) {
		this.monotonic = monotonic;
		this.wall = monotonic.plus(this.wallOffset);
	}

	/** Run what is due now. */
	public void settle() {
		pass(Duration.ZERO);
	}

	/** Set the wall clock forward or back; timers do not notice. */
	public synchronized void setClock(Duration by) {
		this.wallOffset = this.wallOffset.plus(by);
		moveTo(this.monotonic);
	}

	/** How many tasks are scheduled. */
	public synchronized int scheduled() {
		return this.tasks.size();
	}

	private record Task(Instant at, long number, Runnable task) {

	}

}
