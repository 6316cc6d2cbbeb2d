package io.kubelet.cert.autoconfigure;

import java.util.concurrent.Executor;

import io.kubelet.cert.rotation.engine.ListenerThreads;

import org.springframework.core.task.VirtualThreadTaskExecutor;

/**
 * The threads of listeners and template suppliers: {@link ListenerThreads}, or virtual
 * threads if the application uses them.
 *
 * @param executor runs the calls. It is no bean itself: Spring Boot would leave out its
 * own task executor.
 */
record ApplicationThreads(Executor executor) {

	static ApplicationThreads ofPlatformThreads() {
		return new ApplicationThreads(ListenerThreads.SHARED);
	}

	static ApplicationThreads ofVirtualThreads() {
		return new ApplicationThreads(new VirtualThreadTaskExecutor(ListenerThreads.NAME_PREFIX));
	}

}
