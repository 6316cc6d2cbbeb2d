package io.kubelet.cert.rotation.internal;

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
 * throws is logged. One that does not return delays only its own next calls, and the log
 * names it.
 *
 * @param <T> the type of the listener
 */
public final class Recipient<T> {

	private static final Logger logger = LoggerFactory.getLogger(Recipient.class);

	private final String name;

	private final T listener;

	private final Duration limit;

	private final String consequence;

	private final SerialExecutor calls;

	/**
	 * Creates a recipient.
	 * @param name the certificate's name
	 * @param listener the listener to call
	 * @param executor runs the calls, which may block
	 * @param scheduler notices calls that do not return
	 * @param limit how long a call may take
	 * @param consequence what it means that a call takes longer, for the log
	 */
	public Recipient(String name, T listener, Executor executor, RotationScheduler scheduler, Duration limit,
			String consequence) {
		this.name = name;
		this.listener = listener;
		this.limit = limit;
		this.consequence = consequence;
		this.calls = new SerialExecutor(executor, scheduler, limit, this::late);
	}

	/**
	 * Calls the listener soon, after all earlier calls. Does not block.
	 * @param event calls the method of the event
	 * @return completes when the listener has returned, whether the call failed or not,
	 * when it may no longer be waited for, or if no thread is available
	 */
	public CompletableFuture<Void> call(Consumer<T> event) {
		return this.calls.submit(() -> run(event)).exceptionally((ex) -> {
			logger.error("[{}] No thread is available for rotation listener {}; it will be called with the next event",
					this.name, this.listener.getClass().getName(), ex);
			return null;
		});
	}

	private void run(Consumer<T> event) {
		try {
			event.accept(this.listener);
		}
		catch (Throwable ex) {
			logger.error("[{}] Rotation listener {} failed; the rotation is not affected", this.name,
					this.listener.getClass().getName(), ex);
		}
	}

	/** The stack shows where the listener is, such as a method for application events. */
	private Runnable late(Throwable stack) {
		logger.error("[{}] Rotation listener {} has not returned for {}. {}", this.name,
				this.listener.getClass().getName(), ReadableDuration.of(this.limit), this.consequence, stack);
		return () -> logger.info("[{}] Rotation listener {} has returned", this.name,
				this.listener.getClass().getName());
	}

}
