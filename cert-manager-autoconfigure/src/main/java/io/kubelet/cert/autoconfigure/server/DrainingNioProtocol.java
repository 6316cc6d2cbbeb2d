package io.kubelet.cert.autoconfigure.server;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.SocketAddress;
import java.nio.channels.SocketChannel;
import java.security.KeyStore;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.BiConsumer;
import java.util.function.Predicate;

import javax.net.ssl.SSLEngineResult;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.peers.ClientAddress;
import io.kubelet.cert.ssl.LiveSslBundle;
import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SSLContext;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLUtil;
import org.apache.tomcat.util.net.SecureNioChannel;
import org.apache.tomcat.util.net.SocketBufferHandler;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.apache.tomcat.util.net.jsse.JSSEImplementation;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;

/**
 * Tomcat's usual protocol, which can also drain some of its connections: Tomcat itself
 * can only end all of them.
 */
public final class DrainingNioProtocol extends Http11NioProtocol implements ServerConnections {

	private static final Logger logger = LoggerFactory.getLogger(DrainingNioProtocol.class);

	/** Creates the protocol, as Tomcat does by the name of this class. */
	public DrainingNioProtocol() {
		super(new Endpoint());
	}

	private Endpoint endpoint() {
		return (Endpoint) getEndpoint();
	}

	/**
	 * Sets what this protocol serves.
	 * @param served the certificates
	 * @param copying called if the contexts are not those of JSSE, but copies of the
	 * stores
	 */
	void serve(ServedCertificates served, Runnable copying) {
		endpoint().served = served;
		endpoint().copying = copying;
		served.drain(this);
	}

	/** HTTP/1.1 ends with the next response, HTTP/2 after the current streams. */
	@Override
	public void drain(Predicate<SSLSession> outdated) {
		endpoint().forEach(outdated, (channel, connection) -> {
			connection.setKeepAliveLeft(1);
			if (connection.getCurrentProcessor() instanceof Processor processor) {
				connection.execute(processor::pause);
			}
		});
	}

	@Override
	public boolean any(Predicate<SSLSession> condition) {
		AtomicBoolean found = new AtomicBoolean();
		endpoint().forEach(condition, (channel, connection) -> {
			// Not if it was closed below, which is not noticed before it is used
			if (!channel.socket().isOutputShutdown()) {
				found.set(true);
			}
		});
		return found.get();
	}

	@Override
	public void close(Predicate<SSLSession> outdated) {
		endpoint().forEach(outdated, DrainingNioProtocol::close);
	}

	/**
	 * The thread that uses the connection, or waits for its next request, finds that the
	 * peer is gone.
	 */
	private static void close(SocketChannel channel, SocketWrapperBase<NioChannel> connection) {
		try {
			channel.shutdownInput();
			channel.shutdownOutput();
		}
		catch (IOException ex) {
			logger.debug("A connection with a replaced certificate is already closed", ex);
		}
	}

	/** Reports handshakes that fail, and from where the client is. */
	private static final class TlsChannel extends SecureNioChannel {

		private final ServedCertificates served;

		TlsChannel(SocketBufferHandler buffers, NioEndpoint endpoint, ServedCertificates served) {
			super(buffers, endpoint);
			this.served = served;
		}

		@Override
		public int handshake(boolean read, boolean write) throws IOException {
			try {
				return super.handshake(read, write);
			}
			catch (SSLException ex) {
				this.served.failed(client(), ex);
				throw ex;
			}
		}

		/** The client is checked on this thread, with an engine that knows no address. */
		@Override
		protected SSLEngineResult.HandshakeStatus tasks() {
			ClientAddress.set(client());
			try {
				return super.tasks();
			}
			finally {
				ClientAddress.set(null);
			}
		}

		private @Nullable SocketAddress client() {
			return getIOChannel().socket().getRemoteSocketAddress();
		}

	}

	private static final class Endpoint extends NioEndpoint {

		private @Nullable ServedCertificates served;

		private Runnable copying = () -> {
		};

		/**
		 * Called whenever the endpoint is bound. The implementation of TLS is not known
		 * before.
		 */
		@Override
		protected void createSSLContext(SSLHostConfig config) {
			LiveSslBundle bundle = (this.served != null) ? this.served.bundle(serverName(config)) : null;
			if (bundle != null && isJsse()) {
				requireTrustOf(bundle, config);
				SSLContext context = context(bundle);
				config.getCertificates(true).forEach((certificate) -> certificate.setSslContext(context));
			}
			else if (bundle != null) {
				this.copying.run();
			}
			super.createSSLContext(config);
		}

		private static void requireTrustOf(LiveSslBundle bundle, SSLHostConfig config) {
			try {
				// Without one, Tomcat reads that of the JDK, which may not exist
				KeyStore trust = (bundle.getTrustStore() != null) ? config.getTruststore() : null;
				ServedCertificates.requireTrustOf(bundle, trust,
						config.getRevocationEnabled() || config.getCertificateRevocationListFile() != null
								|| config.getCertificateRevocationListPath() != null
								|| config.getTrustManagerClassName() != null);
			}
			catch (IOException ex) {
				throw new UncheckedIOException(ex);
			}
		}

		private boolean isJsse() {
			return getSslImplementationName() == null
					|| getSslImplementationName().equals(JSSEImplementation.class.getName());
		}

		private String serverName(SSLHostConfig config) {
			return config.getHostName().equalsIgnoreCase(getDefaultSSLHostConfigName()) ? ServedCertificates.DEFAULT
					: config.getHostName();
		}

		private static SSLContext context(LiveSslBundle bundle) {
			return SSLUtil.createSSLContext(bundle.createSslContext(SslBundle.DEFAULT_PROTOCOL),
					(X509KeyManager) bundle.getKeyManagers()[0], (X509TrustManager) bundle.getTrustManagers()[0]);
		}

		@Override
		protected NioChannel createChannel(SocketBufferHandler buffers) {
			ServedCertificates served = this.served;
			return (served != null && isSSLEnabled()) ? new TlsChannel(buffers, this, served)
					: super.createChannel(buffers);
		}

		/** A connection is ended by this limit, so there must be one. */
		@Override
		public void setMaxKeepAliveRequests(int max) {
			super.setMaxKeepAliveRequests((max < 0) ? Integer.MAX_VALUE : max);
		}

		void forEach(Predicate<SSLSession> outdated, BiConsumer<SocketChannel, SocketWrapperBase<NioChannel>> action) {
			this.connections.forEach((channel, connection) -> {
				if (connection.getSocket() instanceof SecureNioChannel tls && tls.getSslEngine() != null
						&& outdated.test(tls.getSslEngine().getSession())) {
					action.accept(channel, connection);
				}
			});
		}

	}

}
