package io.kubelet.cert.ssl.server;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.ssl.BundleUser;
import io.kubelet.cert.ssl.Drain;
import io.kubelet.cert.ssl.LiveSslBundle;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;

/**
 * The rotating certificates that a server presents, and those that they have replaced,
 * which identify the connections of a previous pair. The server follows them directly
 * rather than by update handlers, which come after those of the application.
 */
final class ServedCertificates {

	/** A handshake that began before a rotation has ended after this time. */
	private static final Duration HANDSHAKE = Duration.ofSeconds(1);

	/** The bundles, and the server names that each is for. */
	private final Map<LiveSslBundle, List<String>> bundles = new LinkedHashMap<>();

	private final List<Served> all = new CopyOnWriteArrayList<>();

	private ServedCertificates() {
	}

	/**
	 * Returns those of a server; none if it has no bundle of a certificate that rotates.
	 */
	static ServedCertificates of(SslBundles bundles, @Nullable Ssl ssl) {
		ServedCertificates served = new ServedCertificates();
		if (ssl != null && Ssl.isEnabled(ssl)) {
			if (ssl.getBundle() != null) {
				served.add(bundles.getBundle(ssl.getBundle()), Connections.DEFAULT);
			}
			ssl.getServerNameBundles()
				.forEach((named) -> served.add(bundles.getBundle(named.bundle()), named.serverName()));
		}
		return served;
	}

	private void add(SslBundle bundle, String serverName) {
		if (bundle.getManagers() instanceof LiveSslBundle live) {
			this.bundles.computeIfAbsent(live, (key) -> new ArrayList<>()).add(serverName);
		}
	}

	boolean isEmpty() {
		return this.bundles.isEmpty();
	}

	/**
	 * Lets a server follow the certificates for as long as this object is in use. What
	 * the server copied may already be out of date, so it gets the stores of this moment.
	 */
	void follow(Connections connections) {
		this.bundles.forEach((bundle, serverNames) -> {
			Served served = new Served(bundle, serverNames, connections);
			this.all.add(served);
			bundle.addUser(served);
			bundle.updateOnly(served);
		});
	}

	/** Updates a server again that has started meanwhile and presents something else. */
	void check() {
		this.all.stream().filter(Served::isOutOfDate).forEach((served) -> served.bundle.updateOnly(served));
	}

	/** Whether a connection was made with a certificate that has been replaced. */
	boolean isOutdated(@Nullable SSLSession session) {
		Certificate presented = presented(session);
		return presented != null && this.all.stream().anyMatch((served) -> served.replaced.contains(presented));
	}

	private static @Nullable Certificate presented(@Nullable SSLSession session) {
		Certificate[] chain = (session != null) ? session.getLocalCertificates() : null;
		return (chain != null && chain.length > 0) ? chain[0] : null;
	}

	/**
	 * The certificate of one bundle.
	 */
	private static final class Served implements BundleUser {

		private final LiveSslBundle bundle;

		private final List<String> serverNames;

		private final Connections connections;

		private final Set<Certificate> replaced = ConcurrentHashMap.newKeySet();

		private volatile @Nullable Certificate current;

		Served(LiveSslBundle bundle, List<String> serverNames, Connections connections) {
			this.bundle = bundle;
			this.serverNames = serverNames;
			this.connections = connections;
		}

		@Override
		public void update(SslBundle bundle) {
			Certificate before = this.current;
			Certificate after = leaf(bundle);
			this.serverNames.forEach((name) -> this.connections.reload(name, bundle));
			this.current = after;
			if (before != null && !before.equals(after)) {
				this.replaced.add(before);
				drain(before);
			}
			if (after != null) {
				this.replaced.remove(after);
			}
		}

		boolean isOutOfDate() {
			Certificate current = this.current;
			return current != null
					&& !this.serverNames.stream().allMatch((name) -> this.connections.presents(name, current));
		}

		private void drain(Certificate before) {
			Drain drain = this.bundle.drain();
			Predicate<SSLSession> outdated = (session) -> before.equals(presented(session))
					&& this.replaced.contains(before);
			this.connections.drain(outdated);
			if (drain.grace().compareTo(HANDSHAKE) > 0) {
				drain.after(HANDSHAKE, () -> this.connections.drain(outdated));
			}
			drain.after(drain.grace(), () -> this.connections.close(outdated));
			drain.after(drain.grace().plus(HANDSHAKE), () -> {
				this.connections.close(outdated);
				this.replaced.remove(before);
			});
		}

		private static @Nullable Certificate leaf(SslBundle bundle) {
			try {
				KeyStore store = bundle.getStores().getKeyStore();
				String alias = bundle.getKey().getAlias();
				return (store != null && alias != null) ? store.getCertificate(alias) : null;
			}
			catch (KeyStoreException ex) {
				throw new IllegalStateException("Cannot read the key store of an SSL bundle", ex);
			}
		}

	}

	/**
	 * The connections of a server.
	 */
	interface Connections {

		/** Stands for clients that name no server, or one without a bundle of its own. */
		String DEFAULT = "";

		/** Replaces copied stores. A server that uses the managers has none. */
		default void reload(String serverName, SslBundle bundle) {
		}

		/** Whether new connections are made with a certificate. */
		default boolean presents(String serverName, Certificate certificate) {
			return true;
		}

		/** Lets some connections end with what they are doing. */
		void drain(Predicate<SSLSession> outdated);

		/** Ends some connections now, whatever they are doing. */
		void close(Predicate<SSLSession> outdated);

	}

}
