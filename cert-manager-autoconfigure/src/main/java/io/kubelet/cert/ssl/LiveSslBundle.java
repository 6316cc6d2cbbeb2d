package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * The managers and stores of one certificate's SSL bundle. They are the same objects as
 * long as the application runs, and return what is current at each call.
 * <p>
 * The managers apply the current identity in each handshake. An SSL context begins anew
 * with each identity, so that no TLS session of an earlier identity is resumed.
 */
public final class LiveSslBundle implements SslManagerBundle, SslStoreBundle {

	private final String bundleName;

	private final String password = UUID.randomUUID().toString();

	private final CertificateManager manager;

	private final Supplier<Trust> trust;

	private final PeerConnections connections;

	private final PeerSessions sessions;

	private final RotationScheduler scheduler;

	private final Duration drain;

	private final SslOptions options;

	private final Handshakes handshakes = new Handshakes();

	private final PresentedRoles roles;

	private final KeyManagerFactory keyManagers;

	private final TrustManagerFactory trustManagers;

	private final Followers followers = new Followers();

	private final PresentedCertificates presented = new PresentedCertificates();

	private volatile Identity followed;

	LiveSslBundle(String bundleName, CertificateManager manager, Supplier<Trust> trust, Peers peers,
			RotationScheduler scheduler, Duration drain, SslOptions options) {
		this.bundleName = bundleName;
		this.roles = new PresentedRoles(bundleName);
		this.manager = manager;
		this.trust = trust;
		this.connections = new PeerConnections(peers, trust, scheduler);
		this.sessions = new PeerSessions(peers.seen()::now, scheduler, this.handshakes::invalidateSessions);
		this.scheduler = scheduler;
		this.drain = drain;
		this.options = options;
		SslManagerBundle base = SslManagerBundle
			.from(this.connections.manager(new LiveTrustManager(trust, this.handshakes::record), this.sessions));
		Consumer<@Nullable Object> servers = this.handshakes::recordServer;
		this.keyManagers = LiveKeyManager.Factory.of(base.getKeyManagerFactory(),
				new LiveKeyManager(this::pair, this.handshakes::record, servers.andThen(this.connections::add),
						(role, transport, leaf) -> presents(role, transport, leaf, true)));
		this.trustManagers = base.getTrustManagerFactory();
		this.followed = identity();
	}

	/**
	 * Returns what is behind a bundle.
	 * @param bundle any bundle
	 * @return the managers and stores, {@code null} if the bundle is not one of a
	 * certificate that rotates
	 */
	public static @Nullable LiveSslBundle of(@Nullable SslBundle bundle) {
		return (bundle != null && bundle.getManagers() instanceof LiveSslBundle live) ? live : null;
	}

	/**
	 * Returns whether a bundle verifies the names of servers, so that no client has to.
	 * @param bundle any bundle
	 * @return whether it accepts certain servers only
	 */
	public static boolean verifiesServers(@Nullable SslBundle bundle) {
		return bundle != null && bundle.getManagers() instanceof LiveSslBundle live
				&& live.peers().rules().servers().isRestricted();
	}

	/**
	 * Returns whether the bundle of a certificate is behind a socket factory.
	 * @param factory any object
	 * @return whether its sockets follow the rotation
	 */
	public static boolean isBehind(Object factory) {
		return factory instanceof LiveSocketFactory;
	}

	String name() {
		return this.bundleName;
	}

	/** Returns the bundle to register. */
	SslBundle toBundle() {
		return SslBundle.of(this, SslBundleKey.of(this.password, this.manager.name()), this.options,
				SslBundle.DEFAULT_PROTOCOL, this);
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
	public @Nullable KeyStore getKeyStore() {
		CertificatePair pair = pair();
		return (pair != null) ? KeyStores.holding(pair, this.manager.name(), this.password) : null;
	}

	@Override
	public String getKeyStorePassword() {
		return this.password;
	}

	/** A trust store cannot express rules for peers: who copies it would skip them. */
	@Override
	public @Nullable KeyStore getTrustStore() {
		return (peers().rules().isRestricted() ? Trust.exactly(List.of()) : this.trust.get()).store();
	}

	@Override
	public SSLContext createSslContext(String protocol) {
		return LiveSslContext.of(this.sessions.contexts(this::identity, (identity) -> context(protocol, identity)),
				SslManagerBundle.super.createSslContext(protocol), this.connections::add);
	}

	/**
	 * Within one identity, sessions may be resumed, so no handshake is recorded. The peer
	 * of a handshake that began before a change is checked against the current trust. The
	 * servers with such a context know their connections. The JDK's HTTP client, which
	 * has one, does not tell its engines when it closes a connection.
	 */
	private SSLContext context(String protocol, Identity identity) {
		LiveKeyManager keys = new LiveKeyManager(identity::pair, (role, transport, leaf) -> presents(role,
				(role == TlsRole.CLIENT) ? transport : null, leaf, transport instanceof Socket));
		return LiveSslContext.create(protocol, keys,
				this.connections.manager(new LiveTrustManager(this.trust), this.sessions));
	}

	/**
	 * Returns the rules for peers, and what they led to.
	 * @return the peers
	 */
	public Peers peers() {
		return this.connections.peers();
	}

	/**
	 * Returns the peers with which handshakes were completed.
	 * @return the peers, the one that was seen last first
	 */
	public List<SeenPeer> seenPeers() {
		return this.connections.seen();
	}

	/**
	 * Returns the current identity.
	 * @return the identity
	 */
	public Identity identity() {
		return new Identity(pair(), this.trust.get());
	}

	/**
	 * Returns the identity of the followers, which may have been replaced again.
	 * @return the identity
	 */
	public Identity followed() {
		return this.followed;
	}

	/**
	 * Returns the certificates that connections may still present, although followers
	 * have another one. There may have been several rotations since they were called.
	 * @return the leaves of earlier pairs
	 */
	public Set<X509Certificate> earlier() {
		X509Certificate followed = this.followed.leaf();
		// What is newer than that will be followed
		CertificatePair current = pair();
		return this.presented
			.matching((leaf) -> !leaf.equals(followed) && (current == null || !leaf.equals(current.leaf())));
	}

	/**
	 * Returns whether connections present a certificate. That a client resumed a session
	 * is not known, and that a server did is known to a follower.
	 * @param leaf the certificate
	 * @return {@code true} if one does
	 */
	boolean isHeld(X509Certificate leaf) {
		return this.presented.isOpen(leaf) || this.followers.hold(leaf);
	}

	/** As {@link #isHeld}, but also connections that may have been closed. */
	boolean mayBeHeld(X509Certificate leaf) {
		return this.presented.mayBeOpen(leaf) || this.followers.hold(leaf);
	}

	private void presents(TlsRole role, @Nullable Object transport, X509Certificate leaf, boolean tellsEnd) {
		this.roles.check(role, leaf);
		this.presented.add(transport, leaf, tellsEnd);
	}

	private @Nullable CertificatePair pair() {
		CertificatePair pair = this.manager.status().pair();
		if (pair != null) {
			this.presented.add(pair.leaf());
		}
		return pair;
	}

	/**
	 * Returns how long connections of a previous identity may go on.
	 * @return the time, zero to end them at once
	 */
	public Duration drain() {
		return this.drain;
	}

	/**
	 * Runs a task later.
	 * @param time the time to wait
	 * @param task the task
	 * @return cancels it
	 */
	public Runnable after(Duration time, Runnable task) {
		return this.scheduler.schedule(task, time);
	}

	/**
	 * Adds a follower.
	 * @param follower the follower, which is forgotten when nothing else refers to it
	 */
	public void addFollower(CertificateManager.Follower follower) {
		this.followers.add(follower);
	}

	/**
	 * Adds a follower that drains connections. If some may have been made before a
	 * rotation, it is called at once.
	 * @param follower the follower, which is forgotten when nothing else refers to it
	 */
	public void addDrain(CertificateManager.Follower follower) {
		this.followers.add(follower);
		if (!earlier().isEmpty()) {
			Followers.update(follower, this.bundleName);
		}
	}

	/**
	 * Ends the sessions of the previous identity and calls the followers, if this is
	 * another one.
	 * @return whether it is
	 */
	synchronized boolean update(Identity identity) {
		if (identity.equals(this.followed)) {
			return false;
		}
		this.followed = identity;
		this.sessions.end();
		this.followers.update(this.bundleName);
		// A session is as old as its first handshake, and drains go by that age
		this.sessions.end();
		// A session ticket may arrive on a connection of the previous identity
		after(this.drain, this.handshakes::invalidateSessions);
		return true;
	}

	@Override
	public String toString() {
		return "the SSL bundle '" + this.bundleName + "'";
	}

	/**
	 * The pair that is presented and the trust that is applied at one moment.
	 *
	 * @param pair the pair to present, {@code null} while there is none
	 * @param trust whose certificates are accepted
	 */
	public record Identity(@Nullable CertificatePair pair, Trust trust) {

		/**
		 * Returns the certificate that is presented.
		 * @return the leaf, {@code null} while there is none
		 */
		public @Nullable X509Certificate leaf() {
			return (this.pair != null) ? this.pair.leaf() : null;
		}

	}

}
