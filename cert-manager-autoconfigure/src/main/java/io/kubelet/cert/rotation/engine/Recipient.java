package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls one listener for the events of one certificate: one call at a time, in the order
 * of the events, on threads that no rotation needs. A listener that throws is logged. One
 * that does not return delays only its own next calls, and a warning names it.
 */
public final class Recipient {

	private static final Logger logger = LoggerFactory.getLogger(Recipient.class);

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private static final String[] NOT_THE_APPLICATION = { "java.", "jdk.", "sun.", "org.springframework.",
			"io.kubelet.cert.rotation.", "io.kubelet.cert.event." };

	private final Queue<Call> calls = new ArrayDeque<>();

	private final String name;

	private final RotationListener listener;

	private final Executor executor;

	private final RotationScheduler scheduler;

	private boolean running;

	/**
	 * Creates a recipient.
	 * @param name the certificate's name
	 * @param listener the listener to call
	 * @param executor runs the calls, which may block
	 * @param scheduler runs the check for calls that do not return
	 */
	public Recipient(String name, RotationListener listener, Executor executor, RotationScheduler scheduler) {
		this.name = name;
		this.listener = listener;
		this.executor = executor;
		this.scheduler = scheduler;
	}

	/**
	 * Calls the listener soon, after all earlier calls. Does not block.
	 * @param event calls the method of the event
	 */
	public void call(Consumer<RotationListener> event) {
		call(event, () -> {
		});
	}

	/** Calls the listener, and then runs a task, whether the call failed or not. */
	void call(Consumer<RotationListener> event, Runnable returned) {
		synchronized (this.calls) {
			this.calls.add(new Call(event, returned));
			if (this.running) {
				return;
			}
			this.running = true;
		}
		try {
			this.executor.execute(this::drain);
		}
		catch (Throwable ex) {
			// The next event tries again
			synchronized (this.calls) {
				this.running = false;
			}
			logger.error("[{}] No thread for rotation listener {}; it is called with the next event", this.name,
					this.listener.getClass().getName(), ex);
		}
	}

	private void drain() {
		for (Call call = next(); call != null; call = next()) {
			run(call);
		}
	}

	private @Nullable Call next() {
		synchronized (this.calls) {
			Call call = this.calls.poll();
			this.running = call != null;
			return call;
		}
	}

	private void run(Call call) {
		Thread thread = Thread.currentThread();
		Runnable cancelWarning = this.scheduler.schedule(() -> warn(thread), PATIENCE);
		try {
			call.event.accept(this.listener);
		}
		catch (Throwable ex) {
			logger.error("[{}] Rotation listener {} failed; the rotation is not affected", this.name,
					this.listener.getClass().getName(), ex);
		}
		finally {
			cancelWarning.run();
			call.returned.run();
		}
	}

	private void warn(Thread thread) {
		logger.warn(
				"[{}] Rotation listener {} has not returned for {}. The rotation is not affected, "
						+ "but the listener receives no further events for this certificate until it returns",
				this.name, blocked(thread.getStackTrace()), ReadableDuration.of(PATIENCE));
	}

	/**
	 * The outermost frame of the application, such as a method for application events.
	 */
	private String blocked(StackTraceElement[] stack) {
		String application = "";
		for (StackTraceElement frame : stack) {
			if (Stream.of(NOT_THE_APPLICATION).noneMatch(frame.getClassName()::startsWith)) {
				application = " in " + frame;
			}
		}
		return this.listener.getClass().getName() + application;
	}

	private record Call(Consumer<RotationListener> event, Runnable returned) {

	}

}
