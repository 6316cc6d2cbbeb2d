package io.kubelet.cert.certificate.trust;

import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.CertificateChain;

/**
 * Checks each peer against the authorities that are trusted at the time.
 */
public final class LiveTrustManager extends X509ExtendedTrustManager {

	private final Supplier<Trust> trust;

	private final Consumer<Object> handshakes;

	private final Cached<Trust, X509ExtendedTrustManager, CertificateException> managers = new Cached<>(Trust::manager);

	/**
	 * Creates a manager.
	 * @param trust returns the current trust
	 */
	public LiveTrustManager(Supplier<Trust> trust) {
		this(trust, (transport) -> {
		});
	}

	/**
	 * Creates a manager that reports the handshakes of clients.
	 * @param trust returns the current trust
	 * @param handshakes accepts the socket or engine of each handshake in which a server
	 * is checked
	 */
	public LiveTrustManager(Supplier<Trust> trust, Consumer<Object> handshakes) {
		this.trust = trust;
		this.handshakes = handshakes;
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		delegate(chain).checkClientTrusted(chain, authType, socket);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		delegate(chain).checkClientTrusted(chain, authType, engine);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		delegate(chain).checkClientTrusted(chain, authType);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		this.handshakes.accept(socket);
		delegate(chain).checkServerTrusted(chain, authType, socket);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		this.handshakes.accept(engine);
		delegate(chain).checkServerTrusted(chain, authType, engine);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		delegate(chain).checkServerTrusted(chain, authType);
	}

	@Override
	public X509Certificate[] getAcceptedIssuers() {
		try {
			return delegate().getAcceptedIssuers();
		}
		catch (CertificateException ex) {
			return new X509Certificate[0];
		}
	}

	/**
	 * TLS of the JDK has its own limit for the chains of peers, other engines have none.
	 */
	private X509ExtendedTrustManager delegate(X509Certificate[] chain) throws CertificateException {
		Optional<String> problem = CertificateChain.problem(List.of(chain), List.of());
		if (problem.isPresent()) {
			throw new CertificateException("The peer is refused: " + problem.get());
		}
		return delegate();
	}

	private X509ExtendedTrustManager delegate() throws CertificateException {
		return this.managers.of(this.trust.get());
	}

}
