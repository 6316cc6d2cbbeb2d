package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.util.List;
import java.util.function.BiConsumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The events of directories, for all of which there is one watch service and one thread,
 * as soon as there is a directory.
 */
final class DirectoryEvents implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(DirectoryEvents.class);

	private final Opener opener;

	private final BiConsumer<WatchKey, List<WatchEvent<?>>> listener;

	private @Nullable WatchService service;

	private volatile @Nullable Thread thread;

	private volatile boolean closed;

	/**
	 * Creates a source of events.
	 * @param opener opens the watch service
	 * @param listener accepts the events of a directory, none if it is gone; must not
	 * block
	 */
	DirectoryEvents(Opener opener, BiConsumer<WatchKey, List<WatchEvent<?>>> listener) {
		this.opener = opener;
		this.listener = listener;
	}

	/**
	 * Watches a directory from now on. Blocks while any file system that is watched does
	 * not respond, because all directories are registered by one thread of the JDK.
	 * @param directory the directory
	 * @return its key, the same each time
	 * @throws IOException if it cannot be watched, or the kernel has no more watches
	 */
	synchronized WatchKey watch(Path directory) throws IOException {
		WatchService service = this.service;
		if (service == null) {
			service = this.opener.open();
			this.service = service;
			begin(service);
		}
		return directory.register(service, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_MODIFY,
				StandardWatchEventKinds.ENTRY_DELETE);
	}

	/**
	 * Watches a directory no more.
	 * @param key its key
	 */
	static void forget(WatchKey key) {
		try {
			key.cancel();
		}
		catch (ClosedWatchServiceException ex) {
			// No directory is watched any more
		}
	}

	private void begin(WatchService service) {
		Thread thread = new Thread(() -> tell(service), "certificate-files");
		thread.setDaemon(true);
		this.thread = thread;
		thread.start();
		if (this.closed) {
			thread.interrupt();
		}
	}

	private void tell(WatchService service) {
		try (service) {
			while (true) {
				WatchKey key = service.take();
				List<WatchEvent<?>> events = key.pollEvents();
				key.reset();
				tell(key, events);
			}
		}
		catch (InterruptedException | ClosedWatchServiceException ex) {
			// The end
		}
		catch (IOException ex) {
			logger.debug("Cannot close the watch service", ex);
		}
	}

	/** Events of other directories are told, whatever happens. */
	private void tell(WatchKey key, List<WatchEvent<?>> events) {
		try {
			this.listener.accept(key, events);
		}
		catch (RuntimeException | Error ex) {
			TimeLimit.log("A change of files is not noticed at once", ex);
		}
	}

	/** The service is closed by its thread, because that may block. */
	@Override
	public void close() {
		this.closed = true;
		Thread thread = this.thread;
		if (thread != null) {
			thread.interrupt();
		}
	}

	/** Opens a watch service. */
	interface Opener {

		WatchService open() throws IOException;

	}

}
