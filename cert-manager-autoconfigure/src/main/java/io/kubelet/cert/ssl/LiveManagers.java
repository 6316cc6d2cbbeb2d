package io.kubelet.cert.ssl;

import java.lang.ref.WeakReference;
import java.security.InvalidAlgorithmParameterException;
import java.security.KeyStore;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.KeyManagerFactorySpi;
import javax.net.ssl.ManagerFactoryParameters;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.TrustManagerFactory;

import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslManagerBundle;

/**
 * The live key and trust managers of one bundle, the same for its whole life. It
 * remembers the contexts that were made from them: a session that is resumed goes on
 * presenting the identity of the handshake that began it, so the sessions end with the
 * rotation.
 */
final class LiveManagers implements SslManagerBundle {

	private final KeyManagerFactory keyManagers;

	private final TrustManagerFactory trustManagers;

	private final List<WeakReference<SSLContext>> contexts = new ArrayList<>();

	LiveManagers(LiveKeyManager keyManager, LiveTrustManager trustManager) {
		SslManagerBundle base = SslManagerBundle.from(trustManager);
		this.keyManagers = new LiveKeyManagerFactory(base.getKeyManagerFactory(), keyManager);
		this.trustManagers = base.getTrustManagerFactory();
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
		SSLContext context = SslManagerBundle.super.createSslContext(protocol);
		synchronized (this.contexts) {
			this.contexts.removeIf((reference) -> reference.get() == null);
			this.contexts.add(new WeakReference<>(context));
		}
		return context;
	}

	/** See to it that each new connection makes a full handshake. */
	void invalidateSessions() {
		List<WeakReference<SSLContext>> contexts;
		synchronized (this.contexts) {
			contexts = List.copyOf(this.contexts);
		}
		for (WeakReference<SSLContext> reference : contexts) {
			SSLContext context = reference.get();
			if (context != null) {
				invalidate(context.getClientSessionContext());
				invalidate(context.getServerSessionContext());
			}
		}
	}

	private static void invalidate(@Nullable SSLSessionContext sessions) {
		if (sessions == null) {
			return;
		}
		for (byte[] id : Collections.list(sessions.getIds())) {
			SSLSession session = sessions.getSession(id);
			if (session != null) {
				session.invalidate();
			}
		}
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
