package io.kubelet.cert.ssl.server;

import java.io.IOException;
import java.nio.channels.SocketChannel;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.function.BiConsumer;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import org.apache.coyote.Processor;
import org.apache.coyote.http11.Http11NioProtocol;
import org.apache.tomcat.util.net.NioChannel;
import org.apache.tomcat.util.net.NioEndpoint;
import org.apache.tomcat.util.net.SSLContext;
import org.apache.tomcat.util.net.SSLHostConfig;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.net.SecureNioChannel;
import org.apache.tomcat.util.net.SocketWrapperBase;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * Tomcat's usual protocol, which can also drain some of its connections: Tomcat itself
 * can only end all of them.
 */
public final class DrainingNioProtocol extends Http11NioProtocol implements ServedCertificates.Connections {

	private static final Logger logger = LoggerFactory.getLogger(DrainingNioProtocol.class);

	private final Endpoint endpoint;

	/** Creates the protocol, as Tomcat does by the name of this class. */
	public DrainingNioProtocol() {
		this(new Endpoint());
	}

	private DrainingNioProtocol(Endpoint endpoint) {
		super(endpoint);
		this.endpoint = endpoint;
	}

	/**
	 * Does what Spring Boot's update handler does as well, which application handlers can
	 * keep from running.
	 */
	@Override
	public void reload(String serverName, SslBundle bundle) {
		SslStoreBundle stores = bundle.getStores();
		hostConfig(serverName).ifPresent((config) -> {
			for (SSLHostConfigCertificate certificate : config.getCertificates()) {
				certificate.setCertificateKeystorePassword(stores.getKeyStorePassword());
				certificate.setCertificateKeyPassword(bundle.getKey().getPassword());
				certificate.setCertificateKeyAlias(bundle.getKey().getAlias());
				certificate.setCertificateKeystore(stores.getKeyStore());
			}
			config.setTrustStore(stores.getTrustStore());
			addSslHostConfig(config, true);
		});
	}

	@Override
	public boolean presents(String serverName, Certificate certificate) {
		return hostConfig(serverName).stream()
			.flatMap((config) -> config.getCertificates().stream())
			.allMatch((configured) -> presents(configured, certificate));
	}

	/**
	 * The endpoint may have read the stores just before they were replaced while it
	 * started.
	 */
	private static boolean presents(SSLHostConfigCertificate configured, Certificate certificate) {
		SSLContext context = configured.getSslContext();
		X509Certificate[] chain = (context != null) ? context.getCertificateChain(configured.getCertificateKeyAlias())
				: null;
		return chain != null && chain.length > 0 && chain[0].equals(certificate);
	}

	private Optional<SSLHostConfig> hostConfig(String serverName) {
		String name = serverName.equals(DEFAULT) ? getDefaultSSLHostConfigName() : serverName;
		return Stream.of(findSslHostConfigs())
			.filter((config) -> config.getHostName().equalsIgnoreCase(name))
			.findFirst();
	}

	/** Those of HTTP/1.1 end with their next response, HTTP/2 with the streams it has. */
	@Override
	public void drain(Predicate<SSLSession> outdated) {
		this.endpoint.forEach(outdated, (channel, connection) -> {
			connection.setKeepAliveLeft(1);
			if (connection.getCurrentProcessor() instanceof Processor processor) {
				connection.execute(processor::pause);
			}
		});
	}

	@Override
	public void close(Predicate<SSLSession> outdated) {
		this.endpoint.forEach(outdated, DrainingNioProtocol::close);
	}

	/**
	 * An idle connection is closed. One in use belongs to the thread that uses it, which
	 * finds that its peer is gone.
	 */
	private static void close(SocketChannel channel, SocketWrapperBase<NioChannel> connection) {
		if (connection.getCurrentProcessor() == null && connection.getLock().tryLock()) {
			try {
				connection.close();
			}
			finally {
				connection.getLock().unlock();
			}
			return;
		}
		try {
			channel.shutdownInput();
			channel.shutdownOutput();
		}
		catch (IOException ex) {
			logger.debug("A connection with a replaced certificate is already closed", ex);
		}
	}

	private static final class Endpoint extends NioEndpoint {

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
