package io.kubelet.cert.rotation.engine;

import java.time.Clock;
import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.DoubleSupplier;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.RotationScheduler;

/**
 * What the certificates of an application share.
 *
 * @param scheduler runs the rotations
 * @param executor runs listeners and template suppliers, which may block, each on a
 * thread that no rotation needs
 * @param keys generates the keys. Weak keys are accepted: see
 * {@link KeyPairSource#requiringStrongKeys()}
 * @param clock the clock
 * @param random gives numbers in [0, 1) for deadlines and waits
 * @param rounds asks template suppliers that do not signal their changes
 */
public record SharedResources(RotationScheduler scheduler, Executor executor, KeyPairSource keys, Clock clock,
		DoubleSupplier random, TemplateRounds rounds) {

	/** Begins the names of the threads that run listeners. */
	public static final String LISTENER_THREAD_PREFIX = "certificate-listener-";

	private static final AtomicInteger THREADS = new AtomicInteger();

	/**
	 * Runs each call of a listener or a template supplier, which may block, on a daemon
	 * thread that no rotation needs. It ends after 5 seconds without work.
	 */
	public static final Executor LISTENER_THREADS = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS,
			new SynchronousQueue<>(), (task) -> {
				Thread thread = new Thread(task, LISTENER_THREAD_PREFIX + THREADS.incrementAndGet());
				thread.setDaemon(true);
				return thread;
			});

	/**
	 * Creates resources with the usual randomness.
	 * @param scheduler runs the rotations
	 * @param executor runs listeners and template suppliers
	 * @param keys generates the keys
	 * @param clock the clock
	 */
	public SharedResources(RotationScheduler scheduler, Executor executor, KeyPairSource keys, Clock clock) {
		this(scheduler, executor, keys, clock, () -> ThreadLocalRandom.current().nextDouble(),
				new TemplateRounds(scheduler, executor));
	}

	/**
	 * Returns the defaults: daemon threads that end when idle, keys of the JDK, and the
	 * system's clock.
	 * @param scheduler runs the rotations
	 * @return the defaults
	 */
	public static SharedResources of(RotationScheduler scheduler) {
		return new SharedResources(scheduler, LISTENER_THREADS, KeyPairSource.jdk().requiringStrongKeys(),
				Clock.systemDefaultZone());
	}

}
