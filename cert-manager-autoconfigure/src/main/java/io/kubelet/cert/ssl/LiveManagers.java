package io.kubelet.cert.ssl;

import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import io.kubelet.cert.certificate.trust.LiveTrustManager;
import org.springframework.boot.ssl.SslManagerBundle;

/**
 * The key and trust managers of a live bundle. They are the same objects for its whole
 * life and apply the identity of the moment in each handshake.
 */
public final class LiveManagers implements SslManagerBundle {

	private final LiveSslBundle bundle;

	private final KeyManagerFactory keyManagers;

	private final TrustManagerFactory trustManagers;

	LiveManagers(LiveSslBundle bundle, LiveKeyManager keyManager, LiveTrustManager trustManager) {
		this.bundle = bundle;
		SslManagerBundle base = SslManagerBundle.from(trustManager);
		this.keyManagers = new LiveKeyManagerFactory(base.getKeyManagerFactory(), keyManager);
		this.trustManagers = base.getTrustManagerFactory();
	}

	/**
	 * Returns the bundle that these managers belong to.
	 * @return the bundle
	 */
	public LiveSslBundle bundle() {
		return this.bundle;
	}

	@Override
	public KeyManagerFactory getKeyManagerFactory() {
		return this.keyManagers;
	}

	@Override
	public TrustManagerFactory getTrustManagerFactory() {
		return this.trustManagers;
	}

	@Override
	public SSLContext createSslContext(String protocol) {
		return new LiveSslContext(
				new PerIdentity<>(this.bundle::identity, () -> SslManagerBundle.super.createSslContext(protocol)));
	}

	private static final class LiveKeyManagerFactory extends KeyManagerFactory {

		LiveKeyManagerFactory(KeyManagerFactory base, LiveKeyManager manager) {
			super(new LiveSpi(manager), base.getProvider(), base.getAlgorithm());
		}

	}

	private static final class LiveSpi extends KeyManagerFactorySpi {

		private final LiveKeyManager manager;

		LiveSpi(LiveKeyManager manager) {
			this.manager = manager;
		}

		@Override
		protected void engineInit(KeyStore store, char[] password) {
			// The pair does not come from a store
		}

		@Override
		protected void engineInit(ManagerFactoryParameters parameters) throws InvalidAlgorithmParameterException {
			throw new InvalidAlgorithmParameterException("A live key manager takes no parameters");
		}

		@Override
		protected KeyManager[] engineGetKeyManagers() {
			return new KeyManager[] { this.manager };
		}

	}

}
