package io.kubelet.cert.autoconfigure.server;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.Cached;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.TlsRole;
import org.eclipse.jetty.http.HttpFields;
import org.eclipse.jetty.http.HttpVersion;
import org.eclipse.jetty.http2.HTTP2Connection;
import org.eclipse.jetty.http2.frames.GoAwayFrame;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.io.ssl.SslConnection;
import org.eclipse.jetty.io.ssl.SslHandshakeListener;
import org.eclipse.jetty.server.ConnectionFactory;
import org.eclipse.jetty.server.Connector;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.SecureRequestCustomizer;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.ssl.SslContextFactory;

import org.springframework.boot.jetty.JettyServerCustomizer;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;

/**
 * Lets Jetty present each new pair, and drains the connections that it accepted before a
 * change: they are asked to close with their next response, those of HTTP/2 with their
 * last stream, and closed when the drain is over.
 *
 * @param bundles the SSL bundles
 * @param factory the factory of the server, which is configured when the server is
 * created
 */
record JettyRotation(SslBundles bundles, JettyWebServerFactory factory) implements JettyServerCustomizer {

	@Override
	public void customize(Server server) {
		ServedCertificates served = new ServedCertificates(this.bundles, this.factory.getSsl());
		LiveSslBundle bundle = served.bundle(ServedCertificates.DEFAULT);
		if (bundle == null) {
			return;
		}
		for (Connector connector : server.getConnectors()) {
			SslConnectionFactory factory = connector.getConnectionFactory(SslConnectionFactory.class);
			if (factory != null) {
				SslContextFactory.Server context = factory.getSslContextFactory();
				// A connector that the application adds has a key store of its own
				if (bundle.getKeyStorePassword().equals(context.getKeyStorePassword())) {
					ServedCertificates.requireTrustOf(bundle, context.getTrustStore(),
							context.getCrlPath() != null || context.isEnableOCSP() || context.isEnableCRLDP()
									|| context.getTrustStoreResource() != null);
					context.setSslContext(bundle.createSslContext(SslBundle.DEFAULT_PROTOCOL));
					compareNamesOnly(connector, bundle);
				}
				factory.addBean(new SslHandshakeListener() {

					@Override
					public void handshakeFailed(Event event, Throwable failure) {
						served.failed(event.getEndPoint().getRemoteSocketAddress(), failure);
					}

				});
				drain(connector, served);
			}
		}
	}

	/**
	 * Jetty rejects requests for another host than those in the certificate of the
	 * server, and so each one if there is none in it, as in that of a workload.
	 */
	private static void compareNamesOnly(Connector connector, LiveSslBundle bundle) {
		Cached<X509Certificate, Boolean, RuntimeException> named = new Cached<>(TlsRole::namesHost);
		for (ConnectionFactory protocol : connector.getConnectionFactories()) {
			if (protocol instanceof HttpConfiguration.ConnectionFactory http) {
				SecureRequestCustomizer secure = http.getHttpConfiguration()
					.getCustomizer(SecureRequestCustomizer.class);
				if (secure != null && secure.isSniHostCheck()) {
					http.getHttpConfiguration().getCustomizers().add(0, (request, headers) -> {
						X509Certificate leaf = bundle.followed().leaf();
						secure.setSniHostCheck(leaf == null || named.of(leaf));
						return request;
					});
				}
			}
		}
	}

	private static void drain(Connector connector, ServedCertificates served) {
		served.drain(new Connections(connector));
		for (ConnectionFactory protocol : connector.getConnectionFactories()) {
			if (protocol instanceof HttpConfiguration.ConnectionFactory http) {
				http.getHttpConfiguration().addCustomizer((request, headers) -> askToClose(request, headers, served));
			}
		}
	}

	private static Request askToClose(Request request, HttpFields.Mutable headers, ServedCertificates served) {
		EndPoint.SslSessionData data = request.getConnectionMetaData()
			.getConnection()
			.getEndPoint()
			.getSslSessionData();
		if (data != null && request.getConnectionMetaData().getHttpVersion() == HttpVersion.HTTP_1_1
				&& served.isOutdated(data.sslSession())) {
			headers.put(HttpFields.CONNECTION_CLOSE);
		}
		return request;
	}

	private record Connections(Connector connector) implements ServerConnections {

		/** HTTP/1.1 is asked with each response. */
		@Override
		public void drain(Predicate<SSLSession> outdated) {
			if (this.connector.getConnectionFactory("h2") != null) {
				connections(outdated).forEach(Connections::goAway);
			}
		}

		@Override
		public boolean any(Predicate<SSLSession> condition) {
			return connections(condition).findAny().isPresent();
		}

		/**
		 * A connection of HTTP/2 would wait for its streams if it were asked to close.
		 */
		@Override
		public void close(Predicate<SSLSession> outdated) {
			connections(outdated).map(SslConnection::getSslEndPoint).forEach(EndPoint::close);
		}

		private Stream<SslConnection> connections(Predicate<SSLSession> outdated) {
			return this.connector.getConnectedEndPoints()
				.stream()
				.map(EndPoint::getConnection)
				.filter(SslConnection.class::isInstance)
				.map(SslConnection.class::cast)
				.filter((connection) -> outdated.test(connection.getSSLEngine().getSession()));
		}

		/**
		 * The open streams end, and the client opens no others (RFC 9113, section 6.8).
		 * Jetty's own shutdown names the last stream at once if none is open, so one that
		 * is on its way would be lost.
		 */
		private static void goAway(SslConnection connection) {
			if (connection.getSslEndPoint().getConnection() instanceof HTTP2Connection http2) {
				http2.getSession().frames(null, List.of(GoAwayFrame.GRACEFUL), Callback.NOOP);
			}
		}

	}

}
