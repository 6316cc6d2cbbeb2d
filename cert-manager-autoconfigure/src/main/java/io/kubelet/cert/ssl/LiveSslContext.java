package io.kubelet.cert.ssl;

import java.security.GeneralSecurityException;
import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.util.function.Consumer;
import java.util.function.Supplier;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLContextSpi;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLServerSocketFactory;
import javax.net.ssl.SSLSessionContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManager;

import org.jspecify.annotations.Nullable;

/**
 * An SSL context that is replaced with each identity behind the same object. A resumed
 * TLS session continues to present the identity of the handshake that began it, and a
 * ticket for it may arrive at any time. The sessions stay with the context that created
 * them.
 */
final class LiveSslContext extends SSLContextSpi {

	private final Supplier<SSLContext> current;

	private final SSLContext fixed;

	private final Consumer<Object> connections;

	private LiveSslContext(Supplier<SSLContext> current, SSLContext fixed, Consumer<Object> connections) {
		this.current = current;
		this.fixed = fixed;
		this.connections = connections;
	}

	/**
	 * Returns a context.
	 * @param current returns the context of the current identity
	 * @param fixed a context of live managers, for server sockets: they keep their
	 * context
	 * @param connections accepts the socket or engine of each connection, before its
	 * handshake
	 */
	static SSLContext of(Supplier<SSLContext> current, SSLContext fixed, Consumer<Object> connections) {
		return new SSLContext(new LiveSslContext(current, fixed, connections), fixed.getProvider(),
				fixed.getProtocol()) {
		};
	}

	/** Creates a context that keeps its managers. */
	static SSLContext create(String protocol, KeyManager keys, TrustManager trust) {
		try {
			SSLContext context = SSLContext.getInstance(protocol);
			context.init(new KeyManager[] { keys }, new TrustManager[] { trust }, null);
			return context;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("Cannot create an SSL context for " + protocol, ex);
		}
	}

	@Override
	protected void engineInit(KeyManager @Nullable [] keyManagers, TrustManager @Nullable [] trustManagers,
			@Nullable SecureRandom random) throws KeyManagementException {
		throw new KeyManagementException("The managers of this context are those of its SSL bundle");
	}

	@Override
	protected SSLSocketFactory engineGetSocketFactory() {
		return new LiveSocketFactory(() -> this.current.get().getSocketFactory(), this.connections);
	}

	@Override
	protected SSLServerSocketFactory engineGetServerSocketFactory() {
		return this.fixed.getServerSocketFactory();
	}

	@Override
	protected SSLEngine engineCreateSSLEngine() {
		return noted(this.current.get().createSSLEngine());
	}

	@Override
	protected SSLEngine engineCreateSSLEngine(String host, int port) {
		return noted(this.current.get().createSSLEngine(host, port));
	}

	private SSLEngine noted(SSLEngine engine) {
		this.connections.accept(engine);
		return engine;
	}

	@Override
	protected SSLSessionContext engineGetServerSessionContext() {
		return this.current.get().getServerSessionContext();
	}

	@Override
	protected SSLSessionContext engineGetClientSessionContext() {
		return this.current.get().getClientSessionContext();
	}

}
