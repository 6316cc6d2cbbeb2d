package io.kubelet.cert.rotation.engine;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Runs what may block, such as listeners and template suppliers: daemon threads, as many
 * as there are tasks, that end after 5 seconds without work.
 */
final class ListenerThreads {

	static final Executor SHARED = create();

	private ListenerThreads() {
	}

	private static Executor create() {
		AtomicInteger number = new AtomicInteger();
		return new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS, new SynchronousQueue<>(), (task) -> {
			Thread thread = new Thread(task, "certificate-listener-" + number.incrementAndGet());
			thread.setDaemon(true);
			return thread;
		});
	}

}
