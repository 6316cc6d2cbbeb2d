package io.kubelet.cert.ssl;

import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslManagerBundle;

/**
 * The live key and trust managers of one bundle, the same for its whole life, and what
 * goes by its identity.
 */
final class LiveManagers implements SslManagerBundle {

	private final Supplier<Identity> identity;

	private final Drain drain;

	private final Handshakes handshakes = new Handshakes();

	private final KeyManagerFactory keyManagers;

	private final TrustManagerFactory trustManagers;

	private final Set<Runnable> dependents = Collections
		.synchronizedSet(Collections.newSetFromMap(new WeakHashMap<>()));

	LiveManagers(Supplier<@Nullable CertificatePair> pair, Supplier<List<X509Certificate>> authorities, Drain drain) {
		this.identity = () -> new Identity(pair.get(), authorities.get());
		this.drain = drain;
		LiveKeyManager keyManager = new LiveKeyManager(pair, this.handshakes);
		LiveTrustManager trustManager = new LiveTrustManager(authorities, this.handshakes);
		SslManagerBundle base = SslManagerBundle.from(trustManager);
		this.keyManagers = new LiveKeyManagerFactory(base.getKeyManagerFactory(), keyManager);
		this.trustManagers = base.getTrustManagerFactory();
	}

	Identity identity() {
		return this.identity.get();
	}

	Drain drain() {
		return this.drain;
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
				new PerIdentity<>(this.identity, () -> SslManagerBundle.super.createSslContext(protocol)));
	}

	/**
	 * Have something run when the identity has changed.
	 * @param dependent what to run; it is forgotten when nothing else refers to it
	 */
	void whenChanged(Runnable dependent) {
		this.dependents.add(dependent);
	}

	/** The identity has changed: nothing new is to be made with the old one. */
	void changed() {
		this.handshakes.invalidateSessions();
		List<Runnable> dependents;
		synchronized (this.dependents) {
			dependents = new ArrayList<>(this.dependents);
		}
		dependents.forEach(Runnable::run);
		// A ticket may have arrived on an old connection since
		this.drain.atEnd(this.handshakes::invalidateSessions);
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
