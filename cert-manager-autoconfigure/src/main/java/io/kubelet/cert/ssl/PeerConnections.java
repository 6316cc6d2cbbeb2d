package io.kubelet.cert.ssl;

import java.io.InputStream;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.peers.SeenPeers;
import io.kubelet.cert.certificate.peers.TrustedIssuers;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.RotationScheduler;
import org.jspecify.annotations.Nullable;

/**
 * The connections of a bundle, and the peers at their other ends. JSSE calls no manager
 * when a session is resumed, and reports the end of a handshake, or an alert, to the
 * library that uses the connection. So each connection is noted before its handshake, and
 * looked at afterwards: when others have been noted, after a while, or when the peers are
 * read.
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

	/**
	 * With TLS 1.3, a server refuses a client after the handshake that the client sees.
	 */
	private static final Duration ALERT = Duration.ofSeconds(1);

	private static final Duration INTERVAL = Duration.ofSeconds(2);

	private final Peers peers;

	private final Supplier<Trust> trust;

	private final RotationScheduler scheduler;

	/** By the socket or engine of each connection that is in use somewhere. */
	private final Map<Object, Noted> connections = new WeakHashMap<>();

	private final Queue<Connection> begun = new ArrayDeque<>();

	private final Queue<Connection> accepted = new ArrayDeque<>();

	private final TrustedIssuers issuers = new TrustedIssuers();

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
	 * Notes a connection before its handshake, or, if Netty has created its engine, when
	 * the server chooses its key.
	 * @param transport its socket or engine, {@code null} if it is not known
	 */
	void add(@Nullable Object transport) {
		if (transport == null) {
			return;
		}
		Noted noted = new Noted(this.peers.seen().now(), this.trust.get());
		InputStream input = Transport.input(transport);
		Connection earlier;
		synchronized (this.connections) {
			if (this.connections.putIfAbsent(transport, noted) != null) {
				return;
			}
			this.begun.add(new Connection(transport, noted, input));
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
		InputStream input = Transport.input(transport);
		Connection earlier;
		synchronized (this.connections) {
			Noted noted = this.connections.computeIfAbsent(transport, (unknown) -> new Noted(now, trust));
			noted.at = now;
			noted.trust = trust;
			this.accepted.add(new Connection(transport, noted, input));
			lookLater();
			earlier = (this.accepted.size() > KEPT) ? this.accepted.remove() : null;
		}
		if (earlier != null && !isDone(earlier, now)) {
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
		List<Connection> kept;
		synchronized (this.connections) {
			kept = Stream.concat(this.begun.stream(), this.accepted.stream()).toList();
		}
		Instant now = this.peers.seen().now();
		// Not below: a handshake that waits for this lock has that of its engine
		Set<Connection> done = kept.stream()
			.filter((connection) -> isDone(connection, now))
			.collect(Collectors.toSet());
		synchronized (this.connections) {
			this.begun.removeAll(done);
			this.accepted.removeAll(done);
			this.scheduled = false;
			if (!this.begun.isEmpty() || !this.accepted.isEmpty()) {
				lookLater();
			}
		}
	}

	/**
	 * Looks at a connection, and returns whether that was the last time. If it is closed
	 * meanwhile, only the next look tells why.
	 */
	private boolean isDone(Connection connection, Instant now) {
		boolean open = Transport.isOpen(connection.transport);
		Duration kept = !look(connection) ? SLOWEST : Transport.isServer(connection.transport) ? Duration.ZERO : ALERT;
		return !open || !connection.noted.at.isAfter(now.minus(kept));
	}

	/** Returns the peers whose handshakes are complete. */
	List<SeenPeer> seen() {
		List<Connection> all;
		synchronized (this.connections) {
			all = this.connections.entrySet()
				.stream()
				.map((entry) -> new Connection(entry.getKey(), entry.getValue(), null))
				.toList();
		}
		all.forEach(this::look);
		Map<SeenPeers.Entry, Integer> open = all.stream()
			.filter((connection) -> connection.noted.peer != null)
			.filter((connection) -> Transport.isOpen(connection.transport))
			.map((connection) -> Objects.requireNonNull(connection.noted.peer))
			.collect(Collectors.groupingBy(Function.identity(), Collectors.summingInt((peer) -> 1)));
		return this.peers.seen().list(open);
	}

	/** What cannot be looked at must not fail the handshake of another peer. */
	private boolean look(Connection connection) {
		Noted noted = connection.noted;
		Object transport = connection.transport;
		synchronized (noted) {
			try {
				Throwable failure = Transport.failure(transport, connection.input);
				if (failure != null) {
					this.peers.broken().add(role(transport), Transport.address(transport), failure);
				}
				SSLSession session = noted.complete ? null : Transport.session(transport);
				if (session != null) {
					noted.complete = true;
					noted.peer = peer(transport, session, noted);
				}
			}
			catch (RuntimeException ex) {
				noted.complete = true;
			}
			return noted.complete;
		}
	}

	private SeenPeers.@Nullable Entry peer(Object transport, SSLSession session, Noted noted) {
		PeerRole role = role(transport);
		return (role == PeerRole.CLIENT && Transport.hasFailed(transport, session)) ? null : add(session, role, noted);
	}

	private static PeerRole role(Object transport) {
		return Transport.isServer(transport) ? PeerRole.CLIENT : PeerRole.SERVER;
	}

	private SeenPeers.@Nullable Entry add(SSLSession session, PeerRole role, Noted noted) {
		try {
			Certificate[] chain = session.getPeerCertificates();
			X509Certificate leaf = (X509Certificate) chain[0];
			return this.issuers.of(chain, noted.trust.authorities())
				.map((authority) -> this.peers.seen()
					.add(role, this.peers.rules().of(role).nameOf(leaf), leaf, authority, noted.at))
				.orElse(null);
		}
		catch (SSLPeerUnverifiedException ex) {
			return null;
		}
	}

	/**
	 * A connection that is not forgotten although nobody else uses it any more.
	 */
	private record Connection(Object transport, Noted noted, @Nullable InputStream input) {
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
