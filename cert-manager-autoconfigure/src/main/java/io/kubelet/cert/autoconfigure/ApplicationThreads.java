package io.kubelet.cert.autoconfigure;

import java.util.concurrent.Executor;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;

import org.springframework.core.task.VirtualThreadTaskExecutor;
import org.springframework.scheduling.concurrent.CustomizableThreadFactory;

/**
 * The threads of listeners and template suppliers, which may block: as many daemon
 * threads as there are calls, or virtual threads if the application uses them. No
 * rotation waits for one. They end when idle, also those of a context that was closed.
 */
final class ApplicationThreads implements Executor {

	private static final String THREAD_NAME_PREFIX = "certificate-listener-";

	private static final int KEEP_ALIVE_SECONDS = 5;

	private final Executor executor;

	private ApplicationThreads(Executor executor) {
		this.executor = executor;
	}

	static ApplicationThreads ofPlatformThreads() {
		CustomizableThreadFactory threads = new CustomizableThreadFactory(THREAD_NAME_PREFIX);
		threads.setDaemon(true);
		return new ApplicationThreads(new ThreadPoolExecutor(0, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads));
	}

	static ApplicationThreads ofVirtualThreads() {
		return new ApplicationThreads(new VirtualThreadTaskExecutor(THREAD_NAME_PREFIX));
	}

	@Override
	public void execute(Runnable task) {
		this.executor.execute(task);
	}

}
