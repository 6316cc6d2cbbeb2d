package io.kubelet.cert.autoconfigure.server;

import java.security.cert.Certificate;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;

/**
 * The clients that a new handshake would refuse, and the handshakes that may have
 * accepted one because they began before.
 */
final class RefusedPeers {

	/** The cipher suite of a session until the handshake is finished. */
	private static final String NO_CIPHER = "SSL_NULL_WITH_NULL_NULL";

	private final LiveTrustManager manager;

	/** By the clock of the sessions of JSSE. */
	private final long since = Clock.systemUTC().millis();

	/** By the certificate of the peer, which may have many connections. */
	private final Map<Certificate, Boolean> refused = new ConcurrentHashMap<>();

	RefusedPeers(Trust trust) {
		this.manager = new LiveTrustManager(() -> trust);
	}

	boolean contains(SSLSession session) {
		try {
			Certificate[] chain = session.getPeerCertificates();
			return this.refused.computeIfAbsent(chain[0], (leaf) -> isRefused(chain));
		}
		catch (SSLPeerUnverifiedException ex) {
			return false;
		}
	}

	/**
	 * Whether a handshake is not finished that began when other clients were accepted.
	 * Until then, its session does not show the peer. That of OpenSSL does not show the
	 * beginning either, but Netty ends handshakes after 10 seconds.
	 */
	boolean isFormerHandshake(SSLSession session) {
		long began = session.getCreationTime();
		return session.getCipherSuite().equals(NO_CIPHER) && began > 0 && began <= this.since;
	}

	private boolean isRefused(Certificate[] chain) {
		try {
			this.manager.checkClientTrusted(Stream.of(chain).toArray(X509Certificate[]::new), "UNKNOWN");
			return false;
		}
		catch (CertificateException ex) {
			return true;
		}
	}

}
