package io.kubelet.cert.ssl;

import java.net.Socket;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;

import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

import org.jspecify.annotations.Nullable;

/**
 * Trusts the authorities that are named at each handshake; where none is named, those
 * that the JDK trusts. Never everyone.
 */
final class LiveTrustManager extends X509ExtendedTrustManager {

	private final Supplier<List<X509Certificate>> authorities;

	private final Handshakes handshakes;

	private volatile @Nullable Trust trust;

	LiveTrustManager(Supplier<List<X509Certificate>> authorities, Handshakes handshakes) {
		this.authorities = authorities;
		this.handshakes = handshakes;
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		delegate().checkClientTrusted(chain, authType, socket);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		delegate().checkClientTrusted(chain, authType, engine);
	}

	@Override
	public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		delegate().checkClientTrusted(chain, authType);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket)
			throws CertificateException {
		this.handshakes.record(socket);
		delegate().checkServerTrusted(chain, authType, socket);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
			throws CertificateException {
		this.handshakes.record(engine);
		delegate().checkServerTrusted(chain, authType, engine);
	}

	@Override
	public void checkServerTrusted(X509Certificate[] chain, String authType) throws CertificateException {
		delegate().checkServerTrusted(chain, authType);
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

	private X509ExtendedTrustManager delegate() throws CertificateException {
		List<X509Certificate> authorities = this.authorities.get();
		Trust trust = this.trust;
		if (trust == null || !trust.authorities.equals(authorities)) {
			trust = new Trust(authorities, manager(authorities));
			this.trust = trust;
		}
		return trust.manager;
	}

	private static X509ExtendedTrustManager manager(List<X509Certificate> authorities) throws CertificateException {
		try {
			KeyStore store = authorities.isEmpty() ? null : KeyStores.trusting(authorities);
			TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
			factory.init(store);
			return Arrays.stream(factory.getTrustManagers())
				.filter(X509ExtendedTrustManager.class::isInstance)
				.map(X509ExtendedTrustManager.class::cast)
				.findFirst()
				.orElseThrow();
		}
		catch (GeneralSecurityException ex) {
			throw new CertificateException("There is no way to check trust: " + ex.getMessage(), ex);
		}
	}

	private record Trust(List<X509Certificate> authorities, X509ExtendedTrustManager manager) {

	}

}
