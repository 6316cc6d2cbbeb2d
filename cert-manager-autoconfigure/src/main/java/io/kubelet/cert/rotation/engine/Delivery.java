package io.kubelet.cert.rotation.engine;

import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.rotation.internal.Recipient;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Delivers the events of one certificate in their order: a new pair to the followers
 * first, such as SSL bundles, and every event to the listeners once these have returned.
 * A follower that does not return delays the listeners for a limited time.
 */
final class Delivery {

	private static final Logger logger = LoggerFactory.getLogger(Delivery.class);

	static final Duration FOLLOWER_LIMIT = Duration.ofSeconds(10);

	private volatile List<Recipient<CertificateManager.Follower>> followers = List.of();

	private volatile List<Recipient<RotationListener>> listeners = List.of();

	private final RotationSettings settings;

	private volatile CompletableFuture<?> last = CompletableFuture.completedFuture(null);

	Delivery(RotationSettings settings) {
		this.settings = settings;
	}

	synchronized void addFollower(CertificateManager.Follower follower) {
		this.followers = with(this.followers, follower);
	}

	synchronized void addListener(RotationListener listener) {
		this.listeners = with(this.listeners, listener);
	}

	private <T> List<Recipient<T>> with(List<Recipient<T>> recipients, T another) {
		return Stream.concat(recipients.stream(), Stream.of(recipient(another))).toList();
	}

	private <T> Recipient<T> recipient(T listener) {
		return new Recipient<>(this.settings.name(), listener, this.settings.resources().executor(),
				this.settings.resources().scheduler(), this.settings.clock());
	}

	/** Delivers a new pair after all earlier events. Does not block. */
	synchronized void rotated(@Nullable CertificatePair previous, CertificatePair current) {
		this.last = this.last.thenCompose((before) -> toFollowers()).exceptionally((ex) -> {
			logger.error("[{}] Listeners are called before all SSL bundles and clients have been updated",
					this.settings.name(), ex);
			return null;
		});
		deliver((listener) -> listener.rotated(this.settings.name(), previous, current));
	}

	/** Delivers an event to the listeners after all earlier ones. Does not block. */
	synchronized void deliver(Consumer<RotationListener> event) {
		this.last = this.last.thenRun(() -> this.listeners.forEach((listener) -> listener.call(event)));
	}

	/**
	 * Runs a task of the application on a thread that may block, once the followers have
	 * returned from all earlier events; on any thread if there is none.
	 */
	void afterFollowers(Runnable task) {
		this.last.thenRun(() -> {
			try {
				this.settings.resources().executor().execute(task);
			}
			catch (RuntimeException | Error ex) {
				task.run();
			}
		});
	}

	private CompletableFuture<?> toFollowers() {
		CompletableFuture<?> all = CompletableFuture.allOf(this.followers.stream()
			.map((follower) -> follower.call((target) -> target.updated(this.settings.name())))
			.toArray(CompletableFuture<?>[]::new));
		if (all.isDone()) {
			return all;
		}
		Runnable cancelLimit = this.settings.resources().scheduler().schedule(() -> {
			if (all.complete(null)) {
				logger.error("[{}] Not every SSL bundle or client has been updated within {}; listeners are called now",
						this.settings.name(), ReadableDuration.of(FOLLOWER_LIMIT));
			}
		}, FOLLOWER_LIMIT);
		return all.thenRun(cancelLimit);
	}

}
