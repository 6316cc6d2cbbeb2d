package io.kubelet.cert.ssl;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslOptions;

/**
 * The SSL bundle of one certificate. Its key and trust managers are the same objects for
 * its whole life and apply the current identity in each handshake. Its stores are those
 * of one moment, for servers that copy them, and are created again for each update.
 */
public final class LiveSslBundle implements SslManagerBundle {

	private static final Logger logger = LoggerFactory.getLogger(LiveSslBundle.class);

	private final String alias;

	private final Supplier<@Nullable CertificatePair> pair;

	private final Supplier<Trust> trust;

	private final Drain drain;

	private final Handshakes handshakes = new Handshakes();

	private final KeyManagerFactory keyManagers;

	private final TrustManagerFactory trustManagers;

	private final Set<BundleUser> users = Collections.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	/** Those that a server may have copied since the last update. */
	private final List<Stores> inUse = new CopyOnWriteArrayList<>();

	/**
	 * The certificate's name is the alias in the key store: in lower case, as the store
	 * writes it, since Jetty finds no other.
	 */
	LiveSslBundle(String name, Supplier<@Nullable CertificatePair> pair, Supplier<Trust> trust, Drain drain) {
		this.alias = name.toLowerCase(Locale.ENGLISH);
		this.pair = pair;
		this.trust = trust;
		this.drain = drain;
		SslManagerBundle base = SslManagerBundle.from(new LiveTrustManager(trust, this.handshakes::record));
		this.keyManagers = new LiveKeyManagerFactory(base.getKeyManagerFactory(),
				new LiveKeyManager(pair, this.handshakes));
		this.trustManagers = base.getTrustManagerFactory();
	}

	@Override
	public KeyManagerFactory getKeyManagerFactory() {
		return this.keyManagers;
	}

	@Override
	public TrustManagerFactory getTrustManagerFactory() {
		return this.trustManagers;
	}

	@Override
	public SSLContext createSslContext(String protocol) {
		return new LiveSslContext(
				new PerIdentity<>(this::identity, () -> SslManagerBundle.super.createSslContext(protocol)));
	}

	/**
	 * Returns the current identity.
	 * @return the identity
	 */
	public Identity identity() {
		return new Identity(this.pair.get(), this.trust.get());
	}

	/**
	 * Returns how long connections of a previous identity may go on.
	 * @return the drain
	 */
	public Drain drain() {
		return this.drain;
	}

	/**
	 * Lets a server or client follow the bundle.
	 * @param user the server or client; it is forgotten when nothing else refers to it
	 */
	public void addUser(BundleUser user) {
		this.users.add(user);
	}

	/** Returns the bundle with stores of this moment, to be registered. */
	SslBundle first() {
		Stores stores = stores();
		this.inUse.add(stores);
		return with(stores);
	}

	/**
	 * Gives one server or client the stores of this moment. No other update comes
	 * between.
	 * @param user the server or client
	 */
	public synchronized void updateOnly(BundleUser user) {
		user.update(first());
	}

	/**
	 * Gives everyone the stores of this moment; their password is new each time. Sessions
	 * of the previous identity are ended first, then our own servers and clients follow,
	 * then the recipient. If the recipient fails, the previous stores count as those that
	 * are in use.
	 */
	synchronized void updateAll(Consumer<SslBundle> recipient) {
		this.handshakes.invalidateSessions();
		Stores stores = stores();
		SslBundle bundle = with(stores);
		List<BundleUser> users;
		synchronized (this.users) {
			users = new ArrayList<>(this.users);
		}
		users.forEach((user) -> update(user, bundle));
		// A session ticket may arrive on a connection of the previous identity
		this.drain.atEnd(this.handshakes::invalidateSessions);
		recipient.accept(bundle);
		this.inUse.add(stores);
		this.inUse.removeIf((other) -> other != stores);
	}

	private Stores stores() {
		return new Stores(this.alias, this.pair.get(), this.trust);
	}

	private SslBundle with(Stores stores) {
		return SslBundle.of(stores, SslBundleKey.of(stores.getKeyStorePassword(), this.alias), SslOptions.NONE,
				SslBundle.DEFAULT_PROTOCOL, this);
	}

	private void update(BundleUser user, SslBundle bundle) {
		try {
			user.update(bundle);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.error("[{}] {} failed to apply the update of the SSL bundle and continues with the previous one",
					this.alias, user.getClass().getName(), ex);
		}
	}

	/**
	 * Whether a server may have copied a trust store that is out of date.
	 */
	boolean hasOutdatedTrust() {
		Trust trust = this.trust.get();
		return this.inUse.stream().anyMatch((stores) -> stores.isOutdated(trust));
	}

}
