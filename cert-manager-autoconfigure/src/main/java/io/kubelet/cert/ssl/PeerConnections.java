package io.kubelet.cert.ssl;

import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

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

	/** By the certificates of the last peers. */
	private final Map<X509Certificate, X509Certificate> authorities = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<X509Certificate, X509Certificate> eldest) {
			return size() > KEPT;
		}

	};

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
		Instant slowest = this.peers.seen().now().minus(SLOWEST);
		// Not below: a handshake that waits for this lock has that of its engine
		Set<Map.Entry<Object, Noted>> done = kept.stream()
			.filter((connection) -> look(connection) || !isAwaited(connection, slowest))
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

	private static boolean isAwaited(Map.Entry<Object, Noted> connection, Instant slowest) {
		return !connection.getValue().complete && connection.getValue().at.isAfter(slowest)
				&& Transport.isOpen(connection.getKey());
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
			.filter((connection) -> Transport.isOpen(connection.getKey()))
			.map((connection) -> Objects.requireNonNull(connection.getValue().peer))
			.collect(Collectors.groupingBy(Function.identity(), Collectors.summingInt((peer) -> 1)));
		return this.peers.seen().list(open);
	}

	/** What cannot be looked at must not fail the handshake of another peer. */
	private boolean look(Map.Entry<Object, Noted> connection) {
		Noted noted = connection.getValue();
		synchronized (noted) {
			try {
				SSLSession session = noted.complete ? null : Transport.session(connection.getKey());
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
		PeerRole role = Transport.isServer(transport) ? PeerRole.CLIENT : PeerRole.SERVER;
		return (role == PeerRole.CLIENT && Transport.hasFailed(transport, session)) ? null : add(session, role, noted);
	}

	private SeenPeers.@Nullable Entry add(SSLSession session, PeerRole role, Noted noted) {
		try {
			Certificate[] chain = session.getPeerCertificates();
			X509Certificate leaf = (X509Certificate) chain[0];
			return authorityOf(leaf, chain, noted.trust.authorities())
				.map((authority) -> this.peers.seen()
					.add(role, this.peers.rules().of(role).nameOf(leaf), leaf, authority, noted.at))
				.orElse(null);
		}
		catch (SSLPeerUnverifiedException ex) {
			return null;
		}
	}

	/** To verify signatures in each handshake would take as long as the handshake. */
	private Optional<X509Certificate> authorityOf(X509Certificate leaf, Certificate[] chain,
			List<X509Certificate> trusted) {
		synchronized (this.authorities) {
			X509Certificate known = this.authorities.get(leaf);
			if (known != null && trusted.contains(known)) {
				return Optional.of(known);
			}
		}
		Optional<X509Certificate> found = authority(chain, trusted);
		synchronized (this.authorities) {
			found.ifPresent((authority) -> this.authorities.put(leaf, authority));
		}
		return found;
	}

	/**
	 * Signatures are verified only where several authorities have one name. A newer
	 * certificate for the same key counts for what an older one has signed.
	 */
	private static Optional<X509Certificate> authority(Certificate[] chain, List<X509Certificate> authorities) {
		return Stream.of(chain).map(X509Certificate.class::cast).flatMap((certificate) -> {
			List<X509Certificate> issuers = authorities.stream()
				.filter((authority) -> CertificateChain.isNamedAsIssuer(authority, certificate))
				.sorted(Comparator.comparing(X509Certificate::getNotBefore).reversed())
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
