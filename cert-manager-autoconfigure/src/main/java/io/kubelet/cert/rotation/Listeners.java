package io.kubelet.cert.rotation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells all listeners, whatever one of them throws.
 */
final class Listeners {

	private static final Logger logger = LoggerFactory.getLogger(Listeners.class);

	private final List<RotationListener> listeners = new CopyOnWriteArrayList<>();

	void add(RotationListener listener) {
		this.listeners.add(listener);
	}

	void tell(Consumer<RotationListener> event) {
		for (RotationListener listener : this.listeners) {
			try {
				event.accept(listener);
			}
			catch (RuntimeException | LinkageError ex) {
				logger.error("Rotation listener {} failed; the rotation goes on", listener.getClass().getName(), ex);
			}
		}
	}

}
