package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.internal.Listeners;
import io.kubelet.cert.rotation.internal.Recipient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers the events of one certificate in their order: a new pair, or its authorities,
 * to the followers first, such as SSL bundles, and every event to the listeners once
 * these have returned. A follower that does not return delays the listeners for a limited
 * time, and is reported once.
 */
final class Delivery {

	private static final Logger logger = LoggerFactory.getLogger(Delivery.class);

	static final Duration FOLLOWER_LIMIT = Duration.ofSeconds(10);

	private volatile List<Recipient<CertificateManager.Follower>> followers = List.of();

	private volatile List<Listeners> listeners = List.of();

	private final RotationSettings settings;

	private final SharedResources resources;

	private volatile CompletableFuture<?> last = CompletableFuture.completedFuture(null);

	Delivery(RotationSettings settings) {
		this.settings = settings;
		this.resources = settings.resources();
	}

	synchronized void addFollower(CertificateManager.Follower follower) {
		this.followers = with(this.followers,
				new Recipient<>(this.settings.name(), follower, this.resources.executor(), this.resources.scheduler(),
						FOLLOWER_LIMIT, "Not every SSL bundle or client has been updated; listeners are called now"));
	}

	synchronized void addListener(RotationListener listener) {
		this.listeners = with(this.listeners,
				(listener instanceof Listeners several) ? several
						: new Listeners(this.settings.name(), CompletableFuture.completedFuture(List.of(listener)),
								this.resources.executor(), this.resources.scheduler()));
	}

	private static <T> List<T> with(List<T> all, T another) {
		return Stream.concat(all.stream(), Stream.of(another)).toList();
	}

	/**
	 * Has the followers use the current pair after all earlier events. Does not block.
	 */
	synchronized void updated() {
		this.last = this.last.thenCompose((before) -> toFollowers()).exceptionally((ex) -> {
			logger.error("[{}] Listeners are called before all SSL bundles and clients have been updated",
					this.settings.name(), ex);
			return null;
		});
	}

	/** Delivers an event to the listeners after all earlier ones. Does not block. */
	synchronized void deliver(RotationEvent event) {
		this.last = this.last.thenRun(() -> this.listeners.forEach((listener) -> listener.onEvent(event)));
	}

	/**
	 * Runs a task of the application on a thread that may block, once the followers have
	 * returned from all earlier events; on any thread if there is none.
	 */
	void afterFollowers(Runnable task) {
		this.last.thenRun(() -> {
			try {
				this.resources.executor().execute(task);
			}
			catch (RuntimeException | Error ex) {
				task.run();
			}
		});
	}

	private CompletableFuture<?> toFollowers() {
		return CompletableFuture.allOf(this.followers.stream()
			.map((follower) -> follower.call((target) -> target.updated(this.settings.name())))
			.toArray(CompletableFuture<?>[]::new));
	}

}
