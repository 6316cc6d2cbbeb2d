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
import io.kubelet.cert.rotation.execution.Recipient;
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

	private static final CompletableFuture<?> NOTHING = CompletableFuture.completedFuture(null);

	/** Replaced by a longer one, since most certificates have none or few. */
	private volatile List<Recipient<CertificateManager.Follower>> followers = List.of();

	private volatile List<Recipient<RotationListener>> listeners = List.of();

	private final RotationSettings settings;

	private CompletableFuture<?> last = NOTHING;

	Delivery(RotationSettings settings) {
		this.settings = settings;
	}

	synchronized void addFollower(CertificateManager.Follower follower) {
		this.followers = with(this.followers, follower);
	}

	synchronized void addListener(RotationListener listener) {
		this.listeners = with(this.listeners, listener);
	}

	private <T> List<Recipient<T>> with(List<Recipient<T>> recipients, T listener) {
		Recipient<T> added = new Recipient<>(this.settings.name(), listener, this.settings.resources().executor(),
				this.settings.resources().scheduler(), this.settings.clock());
		return Stream.concat(recipients.stream(), Stream.of(added)).toList();
	}

	/** Delivers a new pair after all earlier events. Does not block. */
	synchronized void rotated(@Nullable CertificatePair previous, CertificatePair current) {
		this.last = this.last.thenCompose((before) -> toFollowers());
		deliver((listener) -> listener.rotated(this.settings.name(), previous, current));
	}

	/** Delivers an event to the listeners after all earlier ones. Does not block. */
	synchronized void deliver(Consumer<RotationListener> event) {
		this.last = this.last.thenRun(() -> this.listeners.forEach((listener) -> listener.call(event)));
	}

	/**
	 * Runs a task of the application on a thread that may block, once the followers have
	 * returned from all earlier events.
	 */
	synchronized void afterFollowers(Runnable task) {
		this.last = this.last.thenRun(() -> this.settings.resources().executor().execute(task)).exceptionally((ex) -> {
			logger.error("[{}] No thread to complete a rotation that was requested", this.settings.name(), ex);
			return null;
		});
	}

	private CompletableFuture<?> toFollowers() {
		CompletableFuture<?>[] returned = this.followers.stream().map((follower) -> {
			CompletableFuture<Void> done = new CompletableFuture<>();
			follower.call((target) -> target.updated(this.settings.name()), () -> done.complete(null));
			return done;
		}).toArray(CompletableFuture<?>[]::new);
		CompletableFuture<?> all = CompletableFuture.allOf(returned);
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
