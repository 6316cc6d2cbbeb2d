package io.kubelet.cert.certificate.peers;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.IntConsumer;

/**
 * Which events are logged: within an hour, each once, and no more than a few of one kind.
 */
final class OncePerHour {

	private static final int LOGGED = 20;

	private final Consumer<Runnable> inAnHour;

	private final IntConsumer others;

	private final Map<Object, Set<Object>> logged = new HashMap<>();

	private int unlogged;

	/**
	 * Creates an object for which nothing has been logged.
	 * @param inAnHour runs a task in an hour
	 * @param others accepts, after an hour, how many events of those were not logged that
	 * are different from the logged ones
	 */
	OncePerHour(Consumer<Runnable> inAnHour, IntConsumer others) {
		this.inAnHour = inAnHour;
		this.others = others;
	}

	/** Returns whether to log an event. */
	synchronized boolean isFirst(Object kind, Object event) {
		if (this.logged.isEmpty()) {
			this.inAnHour.accept(this::startNext);
		}
		Set<Object> alike = this.logged.computeIfAbsent(kind, (key) -> new HashSet<>());
		if (alike.size() >= LOGGED && !alike.contains(event)) {
			this.unlogged++;
			return false;
		}
		return alike.add(event);
	}

	private synchronized void startNext() {
		if (this.unlogged > 0) {
			this.others.accept(this.unlogged);
		}
		this.unlogged = 0;
		this.logged.clear();
	}

}
