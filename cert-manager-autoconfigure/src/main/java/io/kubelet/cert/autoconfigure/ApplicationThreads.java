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
 *
 * @param executor runs the calls. It is no bean itself: Spring Boot would leave out its
 * own task executor.
 */
record ApplicationThreads(Executor executor) {

	private static final String THREAD_NAME_PREFIX = "certificate-listener-";

	private static final int KEEP_ALIVE_SECONDS = 5;

	static ApplicationThreads ofPlatformThreads() {
		CustomizableThreadFactory threads = new CustomizableThreadFactory(THREAD_NAME_PREFIX);
		threads.setDaemon(true);
		return new ApplicationThreads(new ThreadPoolExecutor(0, Integer.MAX_VALUE, KEEP_ALIVE_SECONDS, TimeUnit.SECONDS,
				new SynchronousQueue<>(), threads));
	}

	static ApplicationThreads ofVirtualThreads() {
		return new ApplicationThreads(new VirtualThreadTaskExecutor(THREAD_NAME_PREFIX));
	}

}
