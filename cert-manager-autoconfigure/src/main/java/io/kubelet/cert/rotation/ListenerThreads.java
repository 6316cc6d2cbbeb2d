package io.kubelet.cert.rotation;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The threads of listeners and template suppliers, which may block: as many daemon
 * threads as there are calls. They end after 5 seconds without work.
 */
public final class ListenerThreads {

	/** Begins the names of the threads. */
	public static final String NAME_PREFIX = "certificate-listener-";

	private static final AtomicInteger THREADS = new AtomicInteger();

	/** Runs each task on a thread that no rotation needs. */
	public static final Executor SHARED = new ThreadPoolExecutor(0, Integer.MAX_VALUE, 5, TimeUnit.SECONDS,
			new SynchronousQueue<>(), (task) -> {
				Thread thread = new Thread(task, NAME_PREFIX + THREADS.incrementAndGet());
				thread.setDaemon(true);
				return thread;
			});

	private ListenerThreads() {
	}

}
