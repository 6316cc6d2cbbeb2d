package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.function.BiConsumer;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.NameConstraints;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import org.jspecify.annotations.Nullable;

/**
 * Checks the chain of each peer against the trusted authorities, and then its names
 * against the rules of the bundle. Whatever fails refuses the peer, which is counted also
 * without rules.
 * <p>
 * Rules for servers replace the comparison of their names with the address, which JSSE
 * leaves to this manager.
 */
final class PeerTrustManager extends X509ExtendedTrustManager {

	private final LiveTrustManager trusted;

	private final Peers peers;

	private final BiConsumer<@Nullable Object, X509Certificate> handshakes;

	/**
	 * Creates a manager.
	 * @param trusted checks the chains
	 * @param peers which peers are accepted
	 * @param handshakes accepts the socket or engine, if it is known, and the certificate
	 * of each accepted peer
	 */
	PeerTrustManager(LiveTrustManager trusted, Peers peers, BiConsumer<@Nullable Object, X509Certificate> handshakes) {
		this.trusted = trusted;
		this.peers = peers;
		this.handshakes = handshakes;
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		check(PeerRole.CLIENT, chain, socket, () -> this.trusted.checkClientTrusted(chain, authType, socket));
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		check(PeerRole.CLIENT, chain, engine, () -> this.trusted.checkClientTrusted(chain, authType, engine));
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		check(PeerRole.CLIENT, chain, null, () -> this.trusted.checkClientTrusted(chain, authType));
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		check(PeerRole.SERVER, chain, socket, () -> {
			if (this.peers.rules().servers().isRestricted() && socket instanceof SSLSocket tls) {
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
		check(PeerRole.SERVER, chain, engine, () -> this.trusted.checkServerTrusted(chain, authType,
				this.peers.rules().servers().isRestricted() ? HandshakeView.withoutAddress(engine) : engine));
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		check(PeerRole.SERVER, chain, null, () -> this.trusted.checkServerTrusted(chain, authType));
	}

	@Override
	public X509Certificate[] getAcceptedIssuers() {
		return this.trusted.getAcceptedIssuers();
	}

	private void check(PeerRole role, X509Certificate[] chain, @Nullable Object transport, ChainCheck ofChain)
			throws CertificateException {
		try {
			ofChain.run();
			AcceptedPeers accepted = this.peers.rules().of(role);
			if (accepted.isRestricted()) {
				NameConstraints.require(chain, getAcceptedIssuers());
			}
			accepted.require(chain[0]);
			this.handshakes.accept(transport, chain[0]);
		}
		catch (CertificateException ex) {
			this.peers.refused().add(role, chain, Transport.address(transport), ex);
			throw ex;
		}
		catch (RuntimeException ex) {
			CertificateException refusal = new CertificateException(
					"The peer is refused, because its certificate could not be checked", ex);
			this.peers.refused().add(role, chain, Transport.address(transport), refusal);
			throw refusal;
		}
	}

	private interface ChainCheck {

		void run() throws CertificateException;

	}

}
