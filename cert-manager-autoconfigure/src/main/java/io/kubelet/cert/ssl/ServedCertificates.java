package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.Ssl.ServerNameSslBundle;

/**
 * The rotating certificates that a server presents, and those that they have replaced: by
 * them a connection of before a rotation is known.
 */
final class ServedCertificates {

	/** A handshake that began before a rotation has ended by then. */
	private static final Duration HANDSHAKE = Duration.ofSeconds(1);

	private final SslBundles bundles;

	private final List<String> names;

	private final Map<String, Certificate> current = new ConcurrentHashMap<>();

	private final Set<Certificate> replaced = ConcurrentHashMap.newKeySet();

	private ServedCertificates(SslBundles bundles, Stream<String> names) {
		this.bundles = bundles;
		this.names = names.distinct()
			.filter((name) -> bundles.getBundle(name).getManagers() instanceof LiveManagers)
			.toList();
		this.names.forEach((name) -> take(name, bundles.getBundle(name)));
	}

	/** Those of a server; none if it has no bundle of a certificate that rotates. */
	static ServedCertificates of(SslBundles bundles, @Nullable Ssl ssl) {
		if (ssl == null || !Ssl.isEnabled(ssl)) {
			return new ServedCertificates(bundles, Stream.empty());
		}
		return new ServedCertificates(bundles, Stream.concat(Stream.ofNullable(ssl.getBundle()),
				ssl.getServerNameBundles().stream().map(ServerNameSslBundle::bundle)));
	}

	boolean isEmpty() {
		return this.names.isEmpty();
	}

	/** Have connections drained after each rotation. */
	void follow(Connections connections) {
		this.names.forEach(
				(name) -> this.bundles.addBundleUpdateHandler(name, (bundle) -> updated(name, bundle, connections)));
	}

	/** Whether a connection was made with a certificate of before a rotation. */
	boolean isOutdated(@Nullable SSLSession session) {
		Certificate presented = presented(session);
		return presented != null && this.replaced.contains(presented);
	}

	private void updated(String name, SslBundle bundle, Connections connections) {
		Certificate before = this.current.get(name);
		take(name, bundle);
		connections.reload(bundle);
		if (before != null && !before.equals(this.current.get(name))) {
			this.replaced.add(before);
			drain(before, ((LiveManagers) bundle.getManagers()).drain(), connections);
		}
	}

	private void drain(Certificate before, Drain drain, Connections connections) {
		Predicate<SSLSession> outdated = (session) -> before.equals(presented(session))
				&& this.replaced.contains(before);
		connections.drain(outdated);
		if (drain.grace().compareTo(HANDSHAKE) > 0) {
			drain.after(HANDSHAKE, () -> connections.drain(outdated));
		}
		drain.after(drain.grace(), () -> connections.close(outdated));
		drain.after(drain.grace().plus(HANDSHAKE), () -> {
			connections.close(outdated);
			this.replaced.remove(before);
		});
	}

	private void take(String name, SslBundle bundle) {
		KeyStore store = bundle.getStores().getKeyStore();
		try {
			Certificate leaf = (store != null && bundle.getKey().getAlias() != null)
					? store.getCertificate(bundle.getKey().getAlias()) : null;
			if (leaf != null) {
				this.current.put(name, leaf);
				this.replaced.remove(leaf);
			}
		}
		catch (KeyStoreException ex) {
			throw new IllegalStateException("The key store of the SSL bundle '" + name + "' cannot be read", ex);
		}
	}

	private static @Nullable Certificate presented(@Nullable SSLSession session) {
		Certificate[] chain = (session != null) ? session.getLocalCertificates() : null;
		return (chain != null && chain.length > 0) ? chain[0] : null;
	}

	/**
	 * The connections of a server.
	 */
	interface Connections {

		/** Take the stores of now, unless Spring Boot sees to it. */
		default void reload(SslBundle bundle) {
		}

		/** Have some connections end with what they are doing. */
		void drain(Predicate<SSLSession> outdated);

		/** End some connections now, whatever they are doing. */
		void close(Predicate<SSLSession> outdated);

	}

}
