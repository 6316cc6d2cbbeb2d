package io.kubelet.cert.rotation.internal;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;

import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.RotationScheduler;

/**
 * Listeners of one certificate, each of which has a queue of its own, so that none waits
 * for another. Events are kept until the listeners are known. Itself a listener that
 * returns at once, and is therefore called without a queue.
 */
public final class Listeners implements RotationListener {

	private static final Duration LIMIT = Duration.ofSeconds(30);

	private CompletableFuture<List<Recipient<RotationListener>>> recipients;

	/**
	 * Creates listeners.
	 * @param name the certificate's name
	 * @param listeners completes when the listeners are known
	 * @param executor runs the calls, which may block
	 * @param scheduler notices calls that do not return
	 */
	public Listeners(String name, CompletableFuture<List<RotationListener>> listeners, Executor executor,
			RotationScheduler scheduler) {
		this.recipients = listeners.thenApply((all) -> all.stream()
			.map((listener) -> new Recipient<>(name, listener, executor, scheduler, LIMIT,
					"The rotation is not affected, but the listener receives no further events for this certificate "
							+ "until it returns"))
			.toList());
	}

	@Override
	public synchronized void onEvent(RotationEvent event) {
		this.recipients = this.recipients.thenApply((recipients) -> {
			recipients.forEach((recipient) -> recipient.call((listener) -> listener.onEvent(event)));
			return recipients;
		});
	}

}
