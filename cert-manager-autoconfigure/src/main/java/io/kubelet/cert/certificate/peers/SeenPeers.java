package io.kubelet.cert.certificate.peers;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.InstantSource;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.ExternalText;

/**
 * The peers with which an SSL bundle has completed handshakes: the last ones of each
 * authority, and the last authorities. Whoever has certificates for many names displaces
 * other peers of its authority, and no others.
 */
public final class SeenPeers {

	private static final int AUTHORITIES = 100;

	private static final int PEERS = 500;

	private final InstantSource clock;

	/** The one that was used last is at the end. */
	private final Map<X509Certificate, Issued> authorities = new Latest<>(AUTHORITIES);

	/**
	 * Creates an empty table.
	 * @param clock tells when a peer is seen
	 */
	public SeenPeers(InstantSource clock) {
		this.clock = clock;
	}

	/**
	 * Returns the current time.
	 * @return the time by which peers are seen
	 */
	public Instant now() {
		return this.clock.instant();
	}

	/**
	 * Adds a handshake that was completed.
	 * @param role the role of the peer
	 * @param identity its name, which need not be cleaned
	 * @param leaf its certificate
	 * @param authority the trusted authority of this certificate
	 * @param at when the handshake began
	 * @return the entry of the peer
	 */
	public synchronized Entry add(PeerRole role, String identity, X509Certificate leaf, X509Certificate authority,
			Instant at) {
		Entry entry = peersOf(authority).computeIfAbsent(
				new Peer(role, ExternalText.clean(identity), identity.hashCode()),
				(peer) -> new Entry(authority, peer, leaf, at));
		entry.handshakes++;
		if (!at.isBefore(entry.lastSeen)) {
			entry.lastSeen = at;
			entry.notBefore = leaf.getNotBefore().toInstant();
			entry.notAfter = leaf.getNotAfter().toInstant();
		}
		return entry;
	}

	/**
	 * Returns the peers. Those that are connected are seen now.
	 * @param connections the number of open connections of the connected ones
	 * @return the peers, the one that was seen last first
	 */
	public synchronized List<SeenPeer> list(Map<Entry, Integer> connections) {
		Map<Entry, Integer> open = new HashMap<>();
		connections.forEach((entry, number) -> {
			// It may have made way for others, and been seen again
			Entry current = peersOf(entry.authority).computeIfAbsent(entry.peer, (peer) -> entry);
			current.lastSeen = now();
			open.merge(current, number, Integer::sum);
		});
		return this.authorities.values()
			.stream()
			.flatMap((issued) -> issued.peers.values()
				.stream()
				.map((entry) -> entry.describe(issued.authority, open.getOrDefault(entry, 0))))
			.sorted(Comparator.comparing(SeenPeer::lastSeen).reversed())
			.toList();
	}

	private Map<Peer, Entry> peersOf(X509Certificate authority) {
		return this.authorities.computeIfAbsent(authority, Issued::new).peers;
	}

	/**
	 * What is known of a peer.
	 */
	public static final class Entry {

		private final X509Certificate authority;

		private final Peer peer;

		private final Instant firstSeen;

		private Instant lastSeen;

		private Instant notBefore;

		private Instant notAfter;

		private long handshakes;

		private Entry(X509Certificate authority, Peer peer, X509Certificate leaf, Instant firstSeen) {
			this.authority = authority;
			this.peer = peer;
			this.firstSeen = firstSeen;
			this.lastSeen = firstSeen;
			this.notBefore = leaf.getNotBefore().toInstant();
			this.notAfter = leaf.getNotAfter().toInstant();
		}

		private SeenPeer describe(SeenPeer.Authority authority, int connections) {
			return new SeenPeer(this.peer.identity, this.peer.role, authority, this.notBefore, this.notAfter,
					this.firstSeen, this.lastSeen, this.handshakes, connections);
		}

	}

	/** Names that differ only in what is cut are different ones. */
	private record Peer(PeerRole role, String identity, int hash) {
	}

	/** The peers of one authority, the one that was seen last at the end. */
	private record Issued(SeenPeer.Authority authority, Map<Peer, Entry> peers) {

		Issued(X509Certificate authority) {
			this(new SeenPeer.Authority(ExternalText.subject(authority), CertificateNames.fingerprint(authority),
					authority.getNotBefore().toInstant()), new Latest<>(PEERS));
		}

	}

	/** Forgets what has not been used for the longest time. */
	private static final class Latest<K, V> extends LinkedHashMap<K, V> {

		private final int limit;

		Latest(int limit) {
			super(16, 0.75f, true);
			this.limit = limit;
		}

		@Override
		protected boolean removeEldestEntry(Map.Entry<K, V> eldest) {
			return size() > this.limit;
		}

	}

}
