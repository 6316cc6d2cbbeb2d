package io.kubelet.cert.rotation;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;

import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Tells all listeners, whatever one of them throws: on the lane, after the task that is
 * running, so that what they see of the manager is complete.
 */
final class Listeners {

	private static final Logger logger = LoggerFactory.getLogger(Listeners.class);

	private final List<RotationListener> listeners = new CopyOnWriteArrayList<>();

	private final Lane lane;

	Listeners(Lane lane) {
		this.lane = lane;
	}

	void add(RotationListener listener) {
		this.listeners.add(listener);
	}

	void tell(Consumer<RotationListener> event) {
		this.lane.execute(() -> this.listeners.forEach((listener) -> tell(listener, event)));
	}

	private static void tell(RotationListener listener, Consumer<RotationListener> event) {
		try {
			event.accept(listener);
		}
		catch (Throwable ex) {
			logger.error("Rotation listener {} failed; the rotation goes on", listener.getClass().getName(), ex);
		}
	}

}
