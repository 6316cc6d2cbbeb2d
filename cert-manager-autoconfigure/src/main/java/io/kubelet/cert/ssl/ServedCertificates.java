package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.Certificate;
import java.util.Collection;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.Ssl.ServerNameSslBundle;

/**
 * The rotating certificates that a server presents now, by which a connection of before a
 * rotation is known.
 */
final class ServedCertificates {

	private final SslBundles bundles;

	private final Map<String, Certificate> current = new ConcurrentHashMap<>();

	private ServedCertificates(SslBundles bundles, Stream<String> names) {
		this.bundles = bundles;
		names.filter((name) -> bundles.getBundle(name).getManagers() instanceof LiveManagers)
			.forEach((name) -> take(name, bundles.getBundle(name)));
	}

	/** Those of a server; none if it has no bundle of a certificate that rotates. */
	static ServedCertificates of(SslBundles bundles, @Nullable Ssl ssl) {
		if (ssl == null || !Ssl.isEnabled(ssl)) {
			return new ServedCertificates(bundles, Stream.empty());
		}
		return new ServedCertificates(bundles,
				Stream
					.concat(Stream.ofNullable(ssl.getBundle()),
							ssl.getServerNameBundles().stream().map(ServerNameSslBundle::bundle))
					.distinct());
	}

	boolean isEmpty() {
		return this.current.isEmpty();
	}

	/** Have something done after each rotation. */
	void whenRotated(Consumer<SslBundle> handler) {
		this.current.keySet().forEach((name) -> this.bundles.addBundleUpdateHandler(name, (bundle) -> {
			take(name, bundle);
			handler.accept(bundle);
		}));
	}

	/** How long connections of before a rotation may go on. */
	Drain drain() {
		String any = this.current.keySet().iterator().next();
		return ((LiveManagers) this.bundles.getBundle(any).getManagers()).drain();
	}

	/** Whether a connection was made with a certificate of before a rotation. */
	boolean isOutdated(@Nullable SSLSession session) {
		Certificate[] presented = (session != null) ? session.getLocalCertificates() : null;
		Collection<Certificate> current = this.current.values();
		return presented != null && presented.length > 0 && !current.contains(presented[0]);
	}

	private void take(String name, SslBundle bundle) {
		KeyStore store = bundle.getStores().getKeyStore();
		try {
			Certificate leaf = (store != null && bundle.getKey().getAlias() != null)
					? store.getCertificate(bundle.getKey().getAlias()) : null;
			if (leaf != null) {
				this.current.put(name, leaf);
			}
		}
		catch (KeyStoreException ex) {
			throw new IllegalStateException("The key store of the SSL bundle '" + name + "' cannot be read", ex);
		}
	}

}
