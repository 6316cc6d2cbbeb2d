package io.kubelet.cert.fleet;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.fleet.ControlPlane.RequestObject;
import io.kubelet.cert.fleet.ControlPlane.Watched;
import org.jspecify.annotations.Nullable;

/**
 * How an application watches its requests, one at a time.
 */
interface Watches {

	/**
	 * A request is about to be sent.
	 * @return how many microseconds it takes until it can be
	 */
	default long begin() {
		return 0;
	}

	/**
	 * Watches the object of the request.
	 * @param changed called when it may have changed
	 * @param interrupted called when that would remain unknown
	 */
	void watch(RequestObject object, Runnable changed, Runnable interrupted);

	/** The request is over. */
	void end();

	/** Each request has a watch. */
	final class Own implements Watches {

		private final ControlPlane plane;

		private @Nullable Reflected watch;

		Own(ControlPlane plane) {
			this.plane = plane;
		}

		@Override
		public void watch(RequestObject object, Runnable changed, Runnable interrupted) {
			this.watch = new Reflected(this.plane, object, changed, interrupted);
		}

		@Override
		public void end() {
			if (this.watch != null) {
				this.watch.close();
				this.watch = null;
			}
		}

	}

	/** All pending requests of a process share one watch. */
	final class Process extends Watched {

		private final ControlPlane plane;

		/** How many microseconds the process needs to send a request, on average. */
		private final long pace;

		/** When it can send another one. */
		private long free;

		private final Map<Member, Request> watching = new LinkedHashMap<>();

		private @Nullable Reflected watch;

		/** Requests that are not over. */
		private int pending;

		Process(ControlPlane plane, long pace) {
			this.plane = plane;
			this.pace = pace;
		}

		/** A watch begins with what has changed since the first request was created. */
		@Override
		boolean isPending() {
			return false;
		}

		private void changed() {
			List.copyOf(this.watching.values())
				.stream()
				.filter((request) -> !request.object.isPending())
				.forEach((request) -> request.changed.run());
		}

		private void interrupted() {
			List.copyOf(this.watching.values()).forEach((request) -> request.interrupted.run());
		}

		/** One of its applications. */
		final class Member implements Watches {

			private boolean begun;

			@Override
			public long begin() {
				Process process = Process.this;
				if (!this.begun) {
					this.begun = true;
					process.pending++;
				}
				long now = process.plane.timeline.now();
				double wait = -Math.log(1 - process.plane.random.nextDouble());
				process.free = Math.max(process.free, now) + (long) (wait * process.pace);
				return process.free - now;
			}

			@Override
			public void watch(RequestObject object, Runnable changed, Runnable interrupted) {
				Process process = Process.this;
				process.watching.put(this, new Request(object, changed, interrupted));
				if (process.watch == null) {
					process.watch = new Reflected(process.plane, process, process::changed, process::interrupted);
				}
				else if (!object.isPending()) {
					process.plane.changed(process);
				}
			}

			@Override
			public void end() {
				Process process = Process.this;
				process.watching.remove(this);
				if (this.begun && --process.pending == 0 && process.watch != null) {
					process.watch.close();
					process.watch = null;
				}
				this.begun = false;
			}

		}

		private record Request(RequestObject object, Runnable changed, Runnable interrupted) {
		}

	}

}
