package io.kubelet.cert.fleet;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Queue;
import java.util.function.Consumer;

import io.kubelet.cert.fleet.ControlPlane.Call;
import io.kubelet.cert.fleet.ControlPlane.Failure;
import io.kubelet.cert.fleet.ControlPlane.RequestObject;
import io.kubelet.cert.fleet.ControlPlane.Watched;
import org.jspecify.annotations.Nullable;

/**
 * How an application runs its tasks and watches its requests, one at a time.
 */
interface Watches {

	/** Runs a task, as soon as there is a thread. */
	default void run(Runnable task) {
		task.run();
	}

	/** The task writes a pair, or a request with its new key, which takes time. */
	default void write() {
	}

	/** Calls the API server, as soon as the client can. */
	void call(Call call, Runnable effect, Consumer<Failure> failed);

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
		public void call(Call call, Runnable effect, Consumer<Failure> failed) {
			this.plane.call(call, effect, failed);
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

	/**
	 * A process runs the tasks of all its certificates one after the other. Its client
	 * sends five calls at a time, beside those of watches: that of the only pending
	 * request by its name, or the one that several share.
	 */
	final class Process extends Watched {

		private final ControlPlane plane;

		/** As OkHttp does for one host. */
		static final int CALLS = 5;

		private final Duration write;

		private final Duration call;

		private final Queue<Runnable> tasks = new ArrayDeque<>();

		private boolean running;

		/** How many microseconds the task has taken. */
		private long taken;

		private final Queue<Runnable> calls = new ArrayDeque<>();

		private int calling;

		private final Map<Member, Request> watching = new LinkedHashMap<>();

		private @Nullable Reflected shared;

		/** Requests that are not over. */
		private int pending;

		/**
		 * Creates a process.
		 * @param write how long it takes to write something, on average
		 * @param call how long it takes the client to send a call
		 */
		Process(ControlPlane plane, Duration write, Duration call) {
			this.plane = plane;
			this.write = write;
			this.call = call;
		}

		private long random(Duration mean) {
			return (long) (-Math.log(1 - this.plane.random.nextDouble()) * Timeline.micros(mean));
		}

		private void next() {
			Runnable task = this.tasks.poll();
			this.running = task != null;
			if (task != null) {
				task.run();
				this.plane.timeline.in(this.taken, this::next);
				this.taken = 0;
			}
		}

		private void send(Call call, Runnable effect, Consumer<Failure> failed) {
			if (this.calling == CALLS) {
				this.calls.add(() -> send(call, effect, failed));
				return;
			}
			this.calling++;
			call(call, () -> {
				sent();
				effect.run();
			}, (failure) -> {
				sent();
				failed.accept(failure);
			});
		}

		private void call(Call call, Runnable effect, Consumer<Failure> failed) {
			this.plane.timeline.in(random(this.call), () -> this.plane.call(call, effect, failed));
		}

		private void sent() {
			this.calling--;
			Runnable next = this.calls.poll();
			if (next != null) {
				next.run();
			}
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

			private @Nullable Reflected named;

			@Override
			public void run(Runnable task) {
				Process process = Process.this;
				process.tasks.add(task);
				if (!process.running) {
					process.next();
				}
			}

			@Override
			public void write() {
				Process.this.taken += random(Process.this.write);
			}

			@Override
			public void call(Call call, Runnable effect, Consumer<Failure> failed) {
				Process process = Process.this;
				if (!this.begun) {
					this.begun = true;
					process.pending++;
				}
				process.plane.timeline.in(process.taken, () -> process.send(call, effect, failed));
			}

			@Override
			public void watch(RequestObject object, Runnable changed, Runnable interrupted) {
				Process process = Process.this;
				if (process.shared == null && process.pending == 1) {
					this.named = new Reflected(process.plane, process::call, object, changed, interrupted);
					return;
				}
				process.watching.put(this, new Request(object, changed, interrupted));
				if (process.shared == null) {
					process.shared = new Reflected(process.plane, process::call, process, process::changed,
							process::interrupted);
				}
				else if (!object.isPending()) {
					process.plane.changed(process);
				}
			}

			@Override
			public void end() {
				Process process = Process.this;
				process.watching.remove(this);
				if (this.named != null) {
					this.named.close();
					this.named = null;
				}
				if (this.begun && --process.pending == 0 && process.shared != null) {
					process.shared.close();
					process.shared = null;
				}
				this.begun = false;
			}

		}

		private record Request(RequestObject object, Runnable changed, Runnable interrupted) {
		}

	}

}
