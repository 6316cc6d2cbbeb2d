package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeyStores;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * The SSL bundle of one certificate. Its managers follow the rotation by themselves. Its
 * stores are those of one moment, for servers that copy them, and are made again for each
 * update.
 */
public final class LiveSslBundle {

	private static final Logger logger = LoggerFactory.getLogger(LiveSslBundle.class);

	private static final SecureRandom random = new SecureRandom();

	private final String alias;

	private final Supplier<@Nullable CertificatePair> pair;

	private final Supplier<Trust> trust;

	private final Drain drain;

	private final Handshakes handshakes = new Handshakes();

	private final LiveManagers managers;

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
		this.managers = new LiveManagers(this, new LiveKeyManager(pair, this.handshakes),
				new LiveTrustManager(trust, this.handshakes::record));
	}

	/**
	 * Returns the identity of the moment.
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

	LiveManagers managers() {
		return this.managers;
	}

	/** Returns the bundle with stores of this moment, to be registered. */
	SslBundle first() {
		Stores stores = new Stores();
		this.inUse.add(stores);
		return stores.bundle();
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
		Stores stores = new Stores();
		List<BundleUser> users;
		synchronized (this.users) {
			users = new ArrayList<>(this.users);
		}
		users.forEach((user) -> update(user, stores.bundle()));
		// A session ticket may arrive on a connection of the previous identity
		this.drain.atEnd(this.handshakes::invalidateSessions);
		recipient.accept(stores.bundle());
		this.inUse.add(stores);
		this.inUse.removeIf((other) -> other != stores);
	}

	private void update(BundleUser user, SslBundle bundle) {
		try {
			user.update(bundle);
		}
		catch (RuntimeException | LinkageError ex) {
			logger.error("[{}] {} did not take over the update of the SSL bundle and continues with what it had",
					this.alias, user.getClass().getName(), ex);
		}
	}

	/**
	 * Whether a server may have copied a trust store that is out of date.
	 */
	boolean hasOutdatedTrust() {
		Trust trust = this.trust.get();
		return this.inUse.stream().anyMatch((stores) -> stores.copied != null && !trust.equals(stores.copied));
	}

	/**
	 * The trust store is made when it is asked for: to find the authorities, the
	 * configuration of the API client may have to be read.
	 */
	private final class Stores implements SslStoreBundle {

		private final String password;

		private final KeyStore keyStore;

		/**
		 * What the first caller copied, which may be a server. Later callers, such as the
		 * health endpoint, do not change that.
		 */
		private volatile @Nullable Trust copied;

		Stores() {
			byte[] password = new byte[16];
			random.nextBytes(password);
			this.password = HexFormat.of().formatHex(password);
			CertificatePair pair = LiveSslBundle.this.pair.get();
			String alias = LiveSslBundle.this.alias;
			this.keyStore = (pair != null) ? KeyStores.holding(pair, alias, this.password)
					: KeyStores.refusing(alias, this.password);
		}

		SslBundle bundle() {
			return SslBundle.of(this, SslBundleKey.of(this.password, LiveSslBundle.this.alias), SslOptions.NONE,
					SslBundle.DEFAULT_PROTOCOL, LiveSslBundle.this.managers);
		}

		@Override
		public KeyStore getKeyStore() {
			return this.keyStore;
		}

		@Override
		public String getKeyStorePassword() {
			return this.password;
		}

		@Override
		public synchronized @Nullable KeyStore getTrustStore() {
			Trust trust = LiveSslBundle.this.trust.get();
			if (this.copied == null) {
				this.copied = trust;
			}
			return trust.store();
		}

		@Override
		public String toString() {
			return "Stores of certificate " + LiveSslBundle.this.alias;
		}

	}

}
