package io.kubelet.cert.certificate.peers;

import java.time.Duration;
import java.time.Instant;

/**
 * A peer with which handshakes were completed.
 *
 * @param identity the name that is accepted, otherwise its first URI, DNS name or common
 * name, or its subject
 * @param role what it was
 * @param authority the trusted authority of its last certificate
 * @param notBefore the start of the validity of its last certificate
 * @param notAfter the end of the validity of its last certificate
 * @param firstSeen when its first handshake began
 * @param lastSeen when its last handshake began, or when it was found connected
 * @param handshakes the number of its handshakes, also of those that resumed a session
 * @param connections the number of its connections that are open
 */
public record SeenPeer(String identity, PeerRole role, Authority authority, Instant notBefore, Instant notAfter,
		Instant firstSeen, Instant lastSeen, long handshakes, int connections) {

	private static final Duration DAY = Duration.ofDays(1);

	/**
	 * Returns whether the peer counts as one that uses its authority.
	 * @param now the current time
	 * @return whether it is connected, or was seen within the last day
	 */
	public boolean isCurrent(Instant now) {
		return this.connections > 0 || this.lastSeen.plus(DAY).isAfter(now);
	}

	/**
	 * A trusted authority.
	 *
	 * @param subject its subject as RFC 2253 text
	 * @param fingerprint its SHA-256 digest
	 * @param notBefore the start of its validity
	 */
	public record Authority(String subject, String fingerprint, Instant notBefore) {
	}

}
