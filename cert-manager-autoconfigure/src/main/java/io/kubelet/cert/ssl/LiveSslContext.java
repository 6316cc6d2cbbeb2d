package io.kubelet.cert.ssl;

import java.security.KeyManagementException;
import java.security.SecureRandom;
import java.util.function.Function;
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
final class LiveSslContext extends SSLContext {

	/**
	 * Creates a context.
	 * @param <I> the type of identity
	 * @param identity returns the current identity
	 * @param maker creates the context of an identity
	 * @param fixed a context of live managers, for server sockets: they keep their
	 * context
	 */
	<I> LiveSslContext(Supplier<I> identity, Function<I, SSLContext> maker, SSLContext fixed) {
		super(new Spi<>(identity, maker, fixed), fixed.getProvider(), fixed.getProtocol());
	}

	private static final class Spi<I> extends SSLContextSpi {

		private final Supplier<I> identity;

		private final Function<I, SSLContext> maker;

		private final SSLContext fixed;

		private @Nullable I used;

		private @Nullable SSLContext context;

		Spi(Supplier<I> identity, Function<I, SSLContext> maker, SSLContext fixed) {
			this.identity = identity;
			this.maker = maker;
			this.fixed = fixed;
		}

		/** Nothing is locked while the identity is read, which may hang. */
		private SSLContext current() {
			return of(this.identity.get());
		}

		private synchronized SSLContext of(I identity) {
			SSLContext context = this.context;
			if (context == null || !identity.equals(this.used)) {
				context = this.maker.apply(identity);
				this.context = context;
				this.used = identity;
			}
			return context;
		}

		@Override
		protected void engineInit(KeyManager @Nullable [] keyManagers, TrustManager @Nullable [] trustManagers,
				@Nullable SecureRandom random) throws KeyManagementException {
			throw new KeyManagementException("The managers of this context are those of its SSL bundle");
		}

		@Override
		protected SSLSocketFactory engineGetSocketFactory() {
			return new LiveSocketFactory(() -> current().getSocketFactory());
		}

		@Override
		protected SSLServerSocketFactory engineGetServerSocketFactory() {
			return this.fixed.getServerSocketFactory();
		}

		@Override
		protected SSLEngine engineCreateSSLEngine() {
			return current().createSSLEngine();
		}

		@Override
		protected SSLEngine engineCreateSSLEngine(String host, int port) {
			return current().createSSLEngine(host, port);
		}

		@Override
		protected SSLSessionContext engineGetServerSessionContext() {
			return current().getServerSessionContext();
		}

		@Override
		protected SSLSessionContext engineGetClientSessionContext() {
			return current().getClientSessionContext();
		}

	}

}
