package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.certificate.trust.LiveTrustManager;

/**
 * Checks the chain of each peer against the trusted authorities, and then its names
 * against the rules of the bundle. Whatever fails refuses the peer.
 * <p>
 * Rules for servers replace the comparison of their names with the address, which JSSE
 * leaves to this manager.
 */
final class PeerTrustManager extends X509ExtendedTrustManager {

	private final LiveTrustManager trusted;

	private final PeerRules rules;

	/**
	 * Creates a manager.
	 * @param trusted checks the chains
	 * @param rules which peers are accepted
	 */
	PeerTrustManager(LiveTrustManager trusted, PeerRules rules) {
		this.trusted = trusted;
		this.rules = rules;
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		check(chain, this.rules.clients(), () -> this.trusted.checkClientTrusted(chain, authType, socket));
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		check(chain, this.rules.clients(), () -> this.trusted.checkClientTrusted(chain, authType, engine));
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		check(chain, this.rules.clients(), () -> this.trusted.checkClientTrusted(chain, authType));
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		check(chain, this.rules.servers(), () -> {
			if (this.rules.servers().isRestricted() && socket instanceof SSLSocket tls) {
				this.trusted.checkServerTrusted(chain, authType, HandshakeView.withoutAddress(tls));
			}
			else {
				this.trusted.checkServerTrusted(chain, authType, socket);
			}
		});
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		check(chain, this.rules.servers(), () -> this.trusted.checkServerTrusted(chain, authType,
				this.rules.servers().isRestricted() ? HandshakeView.withoutAddress(engine) : engine));
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		check(chain, this.rules.servers(), () -> this.trusted.checkServerTrusted(chain, authType));
	}

	@Override
	public X509Certificate[] getAcceptedIssuers() {
		return this.trusted.getAcceptedIssuers();
	}

	private static void check(X509Certificate[] chain, AcceptedPeers accepted, ChainCheck ofChain)
			throws CertificateException {
		try {
			ofChain.run();
			accepted.require(chain[0]);
		}
		catch (RuntimeException ex) {
			throw new CertificateException("The peer is refused, because its certificate could not be checked", ex);
		}
	}

	private interface ChainCheck {

		void run() throws CertificateException;

	}

}
