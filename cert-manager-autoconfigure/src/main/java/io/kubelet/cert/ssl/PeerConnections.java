package io.kubelet.cert.ssl;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
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
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a bundle, and the peers at their other ends. JSSE calls no manager
 * when a session is resumed, and reports the end of a handshake to the library that uses
 * the connection. So each connection is noted before its handshake, and looked at
 * afterwards: when others have been noted, after a while, or when the peers are read.
 */
final class PeerConnections {

	/**
	 * How many connections are kept until they are looked at, also if they have been
	 * closed. The locks of the others, in their handshakes, are left alone.
	 */
	private static final int KEPT = 128;

	/**
	 * Connections whose peer is accepted are kept for longer, until they are complete.
	 */
	private static final Duration SLOWEST = Duration.ofMinutes(2);

	private static final Duration INTERVAL = Duration.ofSeconds(10);

	private final Peers peers;

	private final Supplier<Trust> trust;

	private final RotationScheduler scheduler;

	/** By the socket or engine of each connection that is in use somewhere. */
	private final Map<Object, Noted> connections = new WeakHashMap<>();

	private final Queue<Map.Entry<Object, Noted>> begun = new ArrayDeque<>();

	private final Queue<Map.Entry<Object, Noted>> accepted = new ArrayDeque<>();

	private boolean scheduled;

	/**
	 * Creates an object without connections.
	 * @param peers learns which peers are seen
	 * @param trust returns the current trust
	 * @param scheduler runs tasks later
	 */
	PeerConnections(Peers peers, Supplier<Trust> trust, RotationScheduler scheduler) {
		this.peers = peers;
		this.trust = trust;
		this.scheduler = scheduler;
	}

	Peers peers() {
		return this.peers;
	}

	/** Returns a manager that notes the connections and sessions of accepted peers. */
	PeerTrustManager manager(LiveTrustManager trusted, PeerSessions sessions) {
		return new PeerTrustManager(trusted, this.peers, (transport, leaf) -> {
			sessions.begin(leaf);
			if (transport != null) {
				accept(transport);
			}
		});
	}

	/**
	 * Notes a connection before its handshake.
	 * @param transport its socket or engine
	 */
	void add(Object transport) {
		Noted noted = new Noted(this.peers.seen().now(), this.trust.get());
		Map.Entry<Object, Noted> earlier;
		synchronized (this.connections) {
			this.connections.put(transport, noted);
			this.begun.add(Map.entry(transport, noted));
			lookLater();
			earlier = (this.begun.size() > KEPT) ? this.begun.remove() : null;
		}
		if (earlier != null) {
			look(earlier);
		}
	}

	/**
	 * Notes a connection whose peer is accepted, which is near the end of its handshake.
	 * It does not make way for connections that present no certificate.
	 */
	private void accept(Object transport) {
		Instant now = this.peers.seen().now();
		Trust trust = this.trust.get();
		Map.Entry<Object, Noted> earlier;
		synchronized (this.connections) {
			Noted noted = this.connections.computeIfAbsent(transport, (unknown) -> new Noted(now, trust));
			noted.at = now;
			noted.trust = trust;
			this.accepted.add(Map.entry(transport, noted));
			lookLater();
			earlier = (this.accepted.size() > KEPT) ? this.accepted.remove() : null;
		}
		if (earlier != null && !look(earlier) && isAwaited(earlier, now.minus(SLOWEST))) {
			synchronized (this.connections) {
				this.accepted.add(earlier);
			}
		}
	}

	private void lookLater() {
		if (!this.scheduled) {
			this.scheduled = true;
			this.scheduler.schedule(this::lookNow, INTERVAL);
		}
	}

	/** What is kept for longer would not be collected as garbage. */
	private void lookNow() {
		List<Map.Entry<Object, Noted>> kept;
		synchronized (this.connections) {
			kept = Stream.concat(this.begun.stream(), this.accepted.stream()).toList();
		}
		kept.forEach(this::look);
		Instant slowest = this.peers.seen().now().minus(SLOWEST);
		synchronized (this.connections) {
			Stream.of(this.begun, this.accepted)
				.forEach((queue) -> queue.removeIf((connection) -> !isAwaited(connection, slowest)));
			this.scheduled = false;
			if (!this.begun.isEmpty() || !this.accepted.isEmpty()) {
				lookLater();
			}
		}
	}

	private static boolean isAwaited(Map.Entry<Object, Noted> connection, Instant slowest) {
		return !connection.getValue().complete && PresentedCertificates.isOpen(connection.getKey())
				&& connection.getValue().at.isAfter(slowest);
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
		all.forEach(this::look);
		Map<SeenPeers.Entry, Integer> open = all.stream()
			.filter((connection) -> connection.getValue().peer != null)
			.filter((connection) -> PresentedCertificates.isOpen(connection.getKey()))
			.map((connection) -> Objects.requireNonNull(connection.getValue().peer))
			.collect(Collectors.groupingBy(Function.identity(), Collectors.summingInt((peer) -> 1)));
		return this.peers.seen().list(open);
	}

	/** What cannot be looked at must not fail the handshake of another peer. */
	private boolean look(Map.Entry<Object, Noted> connection) {
		Noted noted = connection.getValue();
		synchronized (noted) {
			try {
				SSLSession session = noted.complete ? null : session(connection.getKey());
				if (session != null) {
					noted.complete = true;
					noted.peer = peer(connection.getKey(), session, noted);
				}
			}
			catch (RuntimeException ex) {
				noted.complete = true;
			}
			return noted.complete;
		}
	}

	private SeenPeers.@Nullable Entry peer(Object transport, SSLSession session, Noted noted) {
		PeerRole role = isServer(transport) ? PeerRole.CLIENT : PeerRole.SERVER;
		return (role == PeerRole.CLIENT && hasFailed(transport, session)) ? null : add(session, role, noted);
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
		if (session.isValid()) {
			return false;
		}
		try {
			if (transport instanceof SSLEngine engine) {
				engine.setUseClientMode(true);
			}
			else if (transport instanceof SSLSocket socket) {
				socket.setUseClientMode(true);
			}
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

		private volatile Instant at;

		private volatile Trust trust;

		private volatile boolean complete;

		private volatile SeenPeers.@Nullable Entry peer;

		Noted(Instant at, Trust trust) {
			this.at = at;
			this.trust = trust;
		}

	}

}
