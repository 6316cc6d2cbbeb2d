package io.kubelet.cert.ssl;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;

/**
 * A registry whose update handlers do not depend on each other. It takes the place of
 * Spring Boot's because that one calls the handlers one after the other on the caller's
 * thread, so that one that throws or hangs keeps the update from the others.
 * <p>
 * Here each handler runs on a thread of its own, and an update waits for all of them for
 * up to 5 seconds. A handler that hangs is reported once; no update waits for it again,
 * and it gets the latest bundle if it ever returns.
 */
public final class IsolatedSslBundles extends DefaultSslBundleRegistry {

	private static final Logger logger = LoggerFactory.getLogger(IsolatedSslBundles.class);

	private static final Duration LIMIT = Duration.ofSeconds(5);

	private final Map<String, List<Handler>> handlers = new ConcurrentHashMap<>();

	/** A live bundle needs no reload, so Spring Boot must not warn of the lack of one. */
	@Override
	public void registerBundle(String name, SslBundle bundle) {
		super.registerBundle(name, bundle);
		if (bundle.getManagers() instanceof LiveSslBundle) {
			super.addBundleUpdateHandler(name, (updated) -> {
			});
		}
	}

	@Override
	public void addBundleUpdateHandler(String name, Consumer<SslBundle> handler) throws NoSuchSslBundleException {
		Handler isolated = new Handler(name, handler);
		super.addBundleUpdateHandler(name, isolated::offer);
		this.handlers.computeIfAbsent(name, (key) -> new CopyOnWriteArrayList<>()).add(isolated);
	}

	@Override
	public void updateBundle(String name, SslBundle bundle) throws NoSuchSslBundleException {
		List<Handler> idle = this.handlers.getOrDefault(name, List.of()).stream().filter(Handler::isIdle).toList();
		super.updateBundle(name, bundle);
		CompletableFuture<?>[] outcomes = idle.stream().map(Handler::outcome).toArray(CompletableFuture<?>[]::new);
		try {
			CompletableFuture.allOf(outcomes).orTimeout(LIMIT.toMillis(), TimeUnit.MILLISECONDS).join();
		}
		catch (CompletionException ex) {
			idle.forEach(Handler::reportIfRunning);
		}
	}

	private static final class Handler {

		private final String bundleName;

		private final Consumer<SslBundle> handler;

		private CompletableFuture<@Nullable Void> outcome = CompletableFuture.completedFuture(null);

		private @Nullable SslBundle next;

		Handler(String bundleName, Consumer<SslBundle> handler) {
			this.bundleName = bundleName;
			this.handler = handler;
		}

		synchronized void offer(SslBundle bundle) {
			this.next = bundle;
			if (this.outcome.isDone()) {
				this.outcome = new CompletableFuture<>();
				Thread thread = new Thread(this::run, "ssl-bundle-" + this.bundleName);
				thread.setDaemon(true);
				start(thread);
			}
		}

		/** Without a thread, the next update tries again. */
		private void start(Thread thread) {
			try {
				thread.start();
			}
			catch (Throwable ex) {
				this.outcome.complete(null);
				logger.error(
						"The update handler {} of the SSL bundle '{}' cannot be called until the next update, so its owner continues with the previous bundle",
						this.handler.getClass().getName(), this.bundleName, ex);
			}
		}

		synchronized boolean isIdle() {
			return this.outcome.isDone();
		}

		synchronized CompletableFuture<@Nullable Void> outcome() {
			return this.outcome;
		}

		private void run() {
			for (SslBundle bundle = next(); bundle != null; bundle = next()) {
				try {
					this.handler.accept(bundle);
				}
				catch (Throwable ex) {
					logger.error(
							"The update handler {} of the SSL bundle '{}' failed, so its owner continues with the previous bundle",
							this.handler.getClass().getName(), this.bundleName, ex);
				}
			}
		}

		/** Once there is nothing more, the next update starts another thread. */
		private synchronized @Nullable SslBundle next() {
			SslBundle next = this.next;
			this.next = null;
			if (next == null) {
				this.outcome.complete(null);
			}
			return next;
		}

		private synchronized void reportIfRunning() {
			if (!isIdle()) {
				logger.warn(
						"The update handler {} of the SSL bundle '{}' has not returned within {}s: its owner may continue with the previous bundle, and later updates do not wait for it",
						this.handler.getClass().getName(), this.bundleName, LIMIT.toSeconds());
			}
		}

	}

}
