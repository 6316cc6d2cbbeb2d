package io.kubelet.cert.rotation.internal;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.function.Consumer;

import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.RotationScheduler;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Calls one listener or follower for the events of one certificate: one call at a time,
 * in the order of the events, on threads that no rotation waits for. A listener that
 * throws is logged. One that does not return delays only its own next calls, and a
 * warning names it.
 *
 * @param <T> the type of the listener
 */
public final class Recipient<T> {

	private static final Logger logger = LoggerFactory.getLogger(Recipient.class);

	private static final Duration PATIENCE = Duration.ofSeconds(30);

	private final String name;

	private final T listener;

	private final SerialExecutor calls;

	/**
	 * Creates a recipient.
	 * @param name the certificate's name
	 * @param listener the listener to call
	 * @param executor runs the calls, which may block
	 * @param scheduler runs the check for calls that do not return
	 * @param clock the clock
	 */
	public Recipient(String name, T listener, Executor executor, RotationScheduler scheduler, Clock clock) {
		this.name = name;
		this.listener = listener;
		this.calls = new SerialExecutor(executor, scheduler, clock, PATIENCE, this::warn);
	}

	/**
	 * Calls the listener soon, after all earlier calls. Does not block.
	 * @param event calls the method of the event
	 * @return completes when the listener has returned, whether the call failed or not
	 */
	public CompletableFuture<Void> call(Consumer<T> event) {
		CompletableFuture<Void> returned = new CompletableFuture<>();
		try {
			this.calls.execute(() -> run(event, returned));
		}
		catch (Throwable ex) {
			logger.error("[{}] No thread is available for rotation listener {}; it will be called with the next event",
					this.name, this.listener.getClass().getName(), ex);
		}
		return returned;
	}

	private void run(Consumer<T> event, CompletableFuture<Void> returned) {
		try {
			event.accept(this.listener);
		}
		catch (Throwable ex) {
			logger.error("[{}] Rotation listener {} failed; the rotation is not affected", this.name,
					this.listener.getClass().getName(), ex);
		}
		finally {
			returned.complete(null);
		}
	}

	/** The stack shows where the listener is, such as a method for application events. */
	private void warn(Throwable stack) {
		logger.warn(
				"[{}] Rotation listener {} has not returned for {}. The rotation is not affected, "
						+ "but the listener receives no further events for this certificate until it returns",
				this.name, this.listener.getClass().getName(), ReadableDuration.of(PATIENCE), stack);
	}

}
