package io.kubelet.cert.actuate;

import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.MeterRegistry;

/**
 * Meters that are removed when the context is closed. A registry that contexts share
 * would otherwise report certificates that are no longer rotated.
 */
public final class BoundMeters implements AutoCloseable {

	private final Queue<Runnable> removals = new ConcurrentLinkedQueue<>();

	/**
	 * Adds a meter.
	 * @param registry the registry that contains it
	 * @param meter the meter to remove
	 */
	public void add(MeterRegistry registry, Meter meter) {
		this.removals.add(() -> registry.remove(meter));
	}

	@Override
	public void close() {
		this.removals.forEach(Runnable::run);
		this.removals.clear();
	}

}
