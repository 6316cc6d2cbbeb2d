package io.kubelet.cert.testsupport;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Threads that make calls while a certificate rotates.
 */
public final class Load {

	private static final Logger logger = LoggerFactory.getLogger(Load.class);

	private Load() {
	}

	/**
	 * Rotates a few times while two threads make a call every few milliseconds. No call
	 * may fail.
	 * @param rotations how many times to rotate
	 * @param call the call
	 * @param rotation rotates once, and checks what it is to change
	 * @return the number of calls
	 */
	public static int during(int rotations, Callable<?> call, ThrowingRunnable rotation) throws Exception {
		return during(rotations, Duration.ofMillis(2), List.of(call, call), rotation);
	}

	/**
	 * Rotates a few times under load. No call may fail.
	 * @param rotations how many times to rotate
	 * @param pause the time between two calls of a thread
	 * @param threads the call of each thread
	 * @param rotation rotates once, and checks what it is to change
	 * @return the number of calls
	 */
	public static int during(int rotations, Duration pause, List<Callable<?>> threads, ThrowingRunnable rotation)
			throws Exception {
		AtomicInteger calls = new AtomicInteger();
		List<Throwable> failures = Collections.synchronizedList(new ArrayList<>());
		ScheduledExecutorService load = Executors.newScheduledThreadPool(threads.size());
		try {
			threads.forEach((call) -> load.scheduleWithFixedDelay(() -> {
				try {
					call.call();
					calls.incrementAndGet();
				}
				catch (Exception | AssertionError ex) {
					failures.add(ex);
				}
			}, 0, pause.toNanos(), TimeUnit.NANOSECONDS));
			for (int i = 0; i < rotations; i++) {
				int before = calls.get();
				rotation.run();
				await().until(() -> calls.get() > before || !failures.isEmpty());
			}
		}
		finally {
			load.shutdown();
			assertThat(load.awaitTermination(2, TimeUnit.MINUTES)).isTrue();
		}
		logger.info("{} rotations: {} calls, {} failed", rotations, calls, failures.size());
		assertThat(failures).isEmpty();
		return calls.get();
	}

	/** Something that may throw. */
	public interface ThrowingRunnable {

		void run() throws Exception;

	}

}
