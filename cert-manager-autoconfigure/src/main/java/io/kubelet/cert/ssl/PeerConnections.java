package io.kubelet.cert.ssl;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.WeakHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificateChain;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.peers.SeenPeers;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a bundle, and the peers at their other ends. JSSE calls no manager
 * when a session is resumed, and reports the end of a handshake to the library that uses
 * the connection. So each connection is noted before its handshake, and looked at
 * afterwards: when others have been noted, or when the peers are read.
 */
final class PeerConnections {

	/**
	 * How many connections are kept until they are looked at, also if they have been
	 * closed. The locks of the others, in their handshakes, are left alone.
	 */
	private static final int KEPT = 128;

	private final Peers peers;

	private final Supplier<Trust> trust;

	/** By the socket or engine of each connection that is in use somewhere. */
	private final Map<Object, Noted> connections = new WeakHashMap<>();

	private final Queue<Map.Entry<Object, Noted>> latest = new ArrayDeque<>();

	/**
	 * Creates an object without connections.
	 * @param peers learns which peers are seen
	 * @param trust returns the current trust
	 */
	PeerConnections(Peers peers, Supplier<Trust> trust) {
		this.peers = peers;
		this.trust = trust;
	}

	Peers peers() {
		return this.peers;
	}

	/** Returns a manager that notes the connections and sessions of accepted peers. */
	PeerTrustManager manager(LiveTrustManager trusted, PeerSessions sessions) {
		return new PeerTrustManager(trusted, this.peers, (transport, leaf) -> {
			sessions.begin(leaf);
			if (transport != null) {
				add(transport);
			}
		});
	}

	/**
	 * Notes a connection, unless it is known. Called in each handshake.
	 * @param transport its socket or engine
	 */
	void add(Object transport) {
		Noted now = new Noted(this.peers.seen().now(), this.trust.get());
		Map.Entry<Object, Noted> earlier;
		synchronized (this.connections) {
			if (this.connections.putIfAbsent(transport, now) != null) {
				return;
			}
			this.latest.add(Map.entry(transport, now));
			earlier = (this.latest.size() > KEPT) ? this.latest.remove() : null;
		}
		if (earlier != null) {
			look(earlier.getKey(), earlier.getValue());
		}
	}

	/** Returns the peers whose handshakes are complete. */
	List<SeenPeer> seen() {
		List<Map.Entry<Object, Noted>> all;
		synchronized (this.connections) {
			all = this.connections.entrySet()
				.stream()
				.map((entry) -> Map.entry(entry.getKey(), entry.getValue()))
				.toList();
		}
		all.forEach((connection) -> look(connection.getKey(), connection.getValue()));
		synchronized (this.connections) {
			this.latest.removeIf((connection) -> connection.getValue().complete);
		}
		Map<SeenPeers.Entry, Long> open = all.stream()
			.filter((connection) -> PresentedCertificates.isOpen(connection.getKey()))
			.map((connection) -> connection.getValue().peer)
			.filter(Objects::nonNull)
			.collect(Collectors.groupingBy(Function.identity(), Collectors.counting()));
		return this.peers.seen().list((peer) -> open.getOrDefault(peer, 0L).intValue());
	}

	private void look(Object transport, Noted noted) {
		synchronized (noted) {
			SSLSession session = noted.complete ? null : session(transport);
			if (session != null) {
				noted.complete = true;
				PeerRole role = isServer(transport) ? PeerRole.CLIENT : PeerRole.SERVER;
				noted.peer = hasFailed(transport, session) ? null : add(session, role, noted);
			}
		}
	}

	private SeenPeers.@Nullable Entry add(SSLSession session, PeerRole role, Noted noted) {
		try {
			Certificate[] chain = session.getPeerCertificates();
			X509Certificate leaf = (X509Certificate) chain[0];
			return authority(chain, noted.trust.authorities())
				.map((authority) -> this.peers.seen()
					.add(role, this.peers.rules().of(role).nameOf(leaf), leaf, authority, noted.at))
				.orElse(null);
		}
		catch (SSLPeerUnverifiedException ex) {
			return null;
		}
	}

	/** Returns the session of a handshake that is complete. Never waits for the peer. */
	private static @Nullable SSLSession session(Object transport) {
		SSLSession session = null;
		if (transport instanceof SSLEngine engine) {
			session = (engine.getHandshakeSession() == null) ? engine.getSession() : null;
		}
		// Before that, getSession() would begin a handshake or wait for its end
		else if (transport instanceof SSLSocket socket && socket.getApplicationProtocol() != null
				&& socket.getHandshakeApplicationProtocol() == null) {
			session = socket.getSession();
		}
		return (session != null && !session.getCipherSuite().equals("SSL_NULL_WITH_NULL_NULL")) ? session : null;
	}

	/**
	 * A server of the JDK has a session of TLS 1.3 before the client proves that it has
	 * the key of its certificate. If that fails, the session is not valid, as at the end
	 * of other connections. But only a handshake that has succeeded fixes the mode.
	 */
	private static boolean hasFailed(Object transport, SSLSession session) {
		if (session.isValid() || !(transport instanceof SSLEngine engine) || !isServer(engine)) {
			return false;
		}
		try {
			engine.setUseClientMode(true);
			return true;
		}
		catch (IllegalArgumentException | UnsupportedOperationException ex) {
			return false;
		}
	}

	private static boolean isServer(Object transport) {
		return (transport instanceof SSLEngine engine) ? !engine.getUseClientMode()
				: transport instanceof SSLSocket socket && !socket.getUseClientMode();
	}

	/** Signatures are verified only where several authorities have one name. */
	private static Optional<X509Certificate> authority(Certificate[] chain, List<X509Certificate> authorities) {
		return Stream.of(chain).map(X509Certificate.class::cast).flatMap((certificate) -> {
			List<X509Certificate> issuers = authorities.stream()
				.filter((authority) -> CertificateChain.isNamedAsIssuer(authority, certificate))
				.toList();
			return Stream.concat(authorities.stream().filter(certificate::equals), issuers.stream()
				.filter((issuer) -> issuers.size() == 1 || CertificateChain.isSignedBy(certificate, issuer)));
		}).findFirst();
	}

	/** What is known of a connection. */
	private static final class Noted {

		private final Instant at;

		private final Trust trust;

		private volatile boolean complete;

		private volatile SeenPeers.@Nullable Entry peer;

		Noted(Instant at, Trust trust) {
			this.at = at;
			this.trust = trust;
		}

	}

}
