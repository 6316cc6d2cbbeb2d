package io.kubelet.cert.autoconfigure.client;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.LiveSslBundle.Identity;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.beans.factory.DisposableBean;
import org.springframework.boot.http.client.HttpClientSettings;

/**
 * An HTTP client with its connection pool, created once for each identity. A request that
 * begins after a change never uses a connection that was opened before it. The client of
 * the previous identity is closed at the end of the drain. That of the JDK cannot be: its
 * connections end when it is collected as garbage, or when they have been idle.
 * <p>
 * This works with any library, also with those whose pools cannot be emptied.
 *
 * @param <C> the type of client
 */
final class LiveClient<C> implements Supplier<C>, CertificateManager.Follower, DisposableBean {

	private static final Logger logger = LoggerFactory.getLogger(LiveClient.class);

	private final LiveSslBundle bundle;

	private final Function<Consumer<AutoCloseable>, C> maker;

	/** Clients that are not closed yet. */
	private final Set<Made<C>> open = ConcurrentHashMap.newKeySet();

	private @Nullable Made<C> current;

	/**
	 * Creates a client for a bundle.
	 * @param bundle the bundle
	 * @param maker creates the client of one identity, and passes on what has to be
	 * closed with it
	 */
	LiveClient(LiveSslBundle bundle, Function<Consumer<AutoCloseable>, C> maker) {
		this.bundle = bundle;
		this.maker = maker;
		bundle.addFollower(this);
	}

	/**
	 * Returns a client that follows the bundle of its settings, empty if that is not the
	 * bundle of a certificate.
	 */
	static <C> Optional<LiveClient<C>> of(@Nullable HttpClientSettings settings,
			Function<Consumer<AutoCloseable>, C> maker) {
		return Optional.ofNullable((settings != null) ? LiveSslBundle.of(settings.sslBundle()) : null)
			.map((bundle) -> new LiveClient<>(bundle, maker));
	}

	/** Returns the client of the current identity. */
	@Override
	public synchronized C get() {
		Identity identity = this.bundle.identity();
		Made<C> made = this.current;
		if (made == null || !made.identity.equals(identity)) {
			retire();
			List<AutoCloseable> resources = new ArrayList<>();
			made = new Made<>(identity, this.maker.apply(resources::add), resources);
			this.current = made;
			this.open.add(made);
		}
		return made.client;
	}

	@Override
	public synchronized void updated(String bundleName) {
		if (this.current != null && !this.current.identity.equals(this.bundle.followed())) {
			retire();
		}
	}

	private void retire() {
		Made<C> made = this.current;
		if (made != null) {
			this.bundle.after(this.bundle.drain(), () -> close(made));
			this.current = null;
		}
	}

	/** Closes all connections at once, also those that drain: nothing else will. */
	@Override
	public synchronized void destroy() {
		this.current = null;
		this.open.forEach(this::close);
	}

	private void close(Made<C> made) {
		if (this.open.remove(made)) {
			if (made.client instanceof DisposableBean disposable) {
				close(disposable::destroy);
			}
			else if (made.client instanceof AutoCloseable closeable) {
				close(closeable);
			}
			made.resources.forEach(LiveClient::close);
		}
	}

	private static void close(AutoCloseable resource) {
		try {
			resource.close();
		}
		catch (Exception ex) {
			logger.warn("Cannot close an HTTP client whose certificate has been replaced", ex);
		}
	}

	private record Made<C>(Identity identity, C client, List<AutoCloseable> resources) {
	}

}
