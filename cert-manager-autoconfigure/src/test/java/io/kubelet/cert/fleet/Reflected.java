package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.function.Consumer;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Failure;
import io.kubelet.cert.fleet.ControlPlane.Watched;
import io.kubelet.cert.kubernetes.internal.watch.WatchTimes;
import org.jspecify.annotations.Nullable;

/**
 * A watch until it is closed, with the times of the starter's reflector.
 */
final class Reflected {

	/** A server that is busy is asked to watch again so often, without a list. */
	private static final int BUSY_ATTEMPTS = 3;

	private final ControlPlane plane;

	private final Client client;

	private final Watched object;

	private final Runnable changed;

	private final Runnable interrupted;

	private ControlPlane.@Nullable Watch watch;

	private boolean closed;

	/** How many times in a row the watch was opened without an event. */
	private int attempts;

	Reflected(ControlPlane plane, Watched object, Runnable changed, Runnable interrupted) {
		this(plane, plane::call, object, changed, interrupted);
	}

	/**
	 * Watches an object from its known state on.
	 * @param client calls the API server
	 * @param changed called when it may have changed
	 * @param interrupted called when that would remain unknown
	 */
	Reflected(ControlPlane plane, Client client, Watched object, Runnable changed, Runnable interrupted) {
		this.plane = plane;
		this.client = client;
		this.object = object;
		this.changed = changed;
		this.interrupted = interrupted;
		watch();
	}

	private void watch() {
		this.attempts++;
		open();
	}

	private void open() {
		this.client.call(Call.WATCH, () -> {
			if (!this.closed) {
				long length = Timeline.SECOND * WatchTimes.seconds(this.plane.random.nextDouble());
				this.watch = this.plane.watch(this.object, length, this::received, this::timedOut,
						() -> interrupted(Failure.UNREACHABLE));
			}
		}, (failure) -> {
			if (!this.closed && failure.isBusy() && this.attempts < BUSY_ATTEMPTS) {
				pause(failure, this::watch);
			}
			else {
				interrupted(failure);
			}
		});
	}

	private void received() {
		this.attempts = 0;
		this.changed.run();
	}

	/** The API server sends a bookmark before. */
	private void timedOut() {
		this.attempts = 0;
		pause(null, this::watch);
	}

	private void interrupted(Failure failure) {
		if (!this.closed) {
			this.interrupted.run();
			pause(failure, this::list);
		}
	}

	/** The list and its watch are one attempt. */
	private void list() {
		this.attempts++;
		this.client.call(Call.LIST, () -> {
			if (!this.closed) {
				this.changed.run();
				open();
			}
		}, this::interrupted);
	}

	private void pause(@Nullable Failure failure, Runnable action) {
		Duration retryAfter = Duration.ofSeconds((failure != null) ? failure.retryAfter() : 0);
		long millis = WatchTimes.pause(this.attempts, retryAfter, this.plane.random.nextDouble());
		this.plane.timeline.in(millis * 1000, () -> {
			if (!this.closed) {
				action.run();
			}
		});
	}

	void close() {
		this.closed = true;
		if (this.watch != null) {
			this.watch.end();
		}
	}

	/**
	 * Calls the API server, as {@link ControlPlane#call}.
	 */
	interface Client {

		void call(Call call, Runnable effect, Consumer<Failure> failed);

	}

}
