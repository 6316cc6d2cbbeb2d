package io.kubelet.cert.simulation;

import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.testsupport.SimulatedTime;

/**
 * The scheduler of one life of a process. It counts what is scheduled, and runs nothing
 * once the process is dead.
 */
final class ProcessScheduler implements RotationScheduler {

	private final SimulatedTime time;

	private int scheduled;

	private boolean dead;

	ProcessScheduler(SimulatedTime time) {
		this.time = time;
	}

	@Override
	public Runnable schedule(Runnable task, Duration delay) {
		AtomicInteger open = new AtomicInteger(1);
		this.scheduled++;
		Runnable cancel = this.time.schedule(() -> {
			this.scheduled -= open.getAndSet(0);
			if (!this.dead) {
				task.run();
			}
		}, delay);
		return () -> {
			this.scheduled -= open.getAndSet(0);
			cancel.run();
		};
	}

	void die() {
		this.dead = true;
	}

	boolean isDead() {
		return this.dead;
	}

	int scheduled() {
		return this.scheduled;
	}

}
