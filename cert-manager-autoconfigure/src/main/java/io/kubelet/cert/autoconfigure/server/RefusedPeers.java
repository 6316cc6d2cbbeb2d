package io.kubelet.cert.autoconfigure.server;

import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.Trust;

/**
 * The clients that a new handshake would refuse because an authority is no longer
 * trusted.
 */
final class RefusedPeers implements Predicate<SSLSession> {

	/** The cipher suite of a session until the handshake is finished. */
	private static final String NO_CIPHER = "SSL_NULL_WITH_NULL_NULL";

	private final boolean removed;

	private final Trust trust;

	/** That of the sessions of JSSE. */
	private final Clock clock = Clock.systemUTC();

	private final long since = this.clock.millis();

	/** By the certificate of the peer, which may have many connections. */
	private final Map<Certificate, Boolean> refused = new ConcurrentHashMap<>();

	RefusedPeers(Trust before, Trust after) {
		this.removed = !before.equals(after) && !after.authorities().containsAll(before.authorities());
		this.trust = after;
	}

	@Override
	public boolean test(SSLSession session) {
		if (!this.removed || isLater(session)) {
			return false;
		}
		try {
			Certificate[] chain = session.getPeerCertificates();
			return this.refused.computeIfAbsent(chain[0], (leaf) -> isRefused(chain));
		}
		catch (SSLPeerUnverifiedException ex) {
			return false;
		}
	}

	/**
	 * Whether a handshake that began when such clients were still accepted is not
	 * finished. Until then, its session does not show the peer.
	 */
	boolean isFormerHandshake(SSLSession session) {
		return this.removed && session.getCipherSuite().equals(NO_CIPHER) && !isLater(session);
	}

	/**
	 * A handshake that began later was checked against the trust of its own time. One of
	 * the future began before the clock was set back.
	 */
	private boolean isLater(SSLSession session) {
		long created = session.getCreationTime();
		return created > this.since && created <= this.clock.millis();
	}

	private boolean isRefused(Certificate[] chain) {
		try {
			this.trust.manager().checkClientTrusted(Stream.of(chain).toArray(X509Certificate[]::new), "UNKNOWN");
			return false;
		}
		catch (CertificateException ex) {
			return true;
		}
	}

}
