package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.SimulatedTime;

/**
 * The scheduler of one life of a process. It runs nothing once the process is dead.
 */
final class ProcessScheduler implements RotationScheduler {

	/** What is scheduled. */
	final Set<Object> scheduled = new HashSet<>();

	private final SimulatedTime time;

	boolean dead;

	/** Whether nothing is left of earlier lives. */
	boolean swept;

	ProcessScheduler(SimulatedTime time) {
		this.time = time;
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		Object entry = new Object();
		this.scheduled.add(entry);
		Runnable cancel = this.time.schedule(() -> {
			this.scheduled.remove(entry);
			if (!this.dead) {
				task.run();
			}
		}, delay);
		return () -> {
			this.scheduled.remove(entry);
			cancel.run();
		};
	}

}
