package io.kubelet.cert.autoconfigure.server;

import java.time.Duration;
import java.util.stream.Stream;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http2.Http2Protocol;

import org.springframework.boot.tomcat.TomcatConnectorCustomizer;
import org.springframework.boot.tomcat.TomcatWebServerFactory;

/**
 * Lets Tomcat present each new pair, and drains the connections that it accepted before a
 * change: they are asked to close with their next response, and closed when the drain is
 * over.
 * <p>
 * This requires {@link DrainingNioProtocol} and JSSE. With another protocol that the
 * application has chosen, or with OpenSSL, Spring Boot reloads Tomcat, and connections
 * end when they have been idle for the keep-alive timeout.
 *
 * @param bundles the SSL bundles of the factory
 * @param factory the factory of the server, which is configured when the server is
 * created
 */
record TomcatRotation(ServerBundles bundles, TomcatWebServerFactory factory) implements TomcatConnectorCustomizer {

	/**
	 * The time between telling a client to open no more streams and telling it which
	 * stream was the last. Later streams are dropped. Tomcat itself waits for one round
	 * trip only.
	 */
	private static final Duration LAST_STREAM_DELAY = Duration.ofSeconds(1);

	@Override
	public void customize(Connector connector) {
		ServedCertificates served = new ServedCertificates(this.bundles, this.factory.getSsl());
		if (connector.getProtocolHandler() instanceof DrainingNioProtocol protocol) {
			protocol.serve(served, () -> {
				served.requireNoRules();
				this.bundles.reload();
			});
			Stream.of(connector.findUpgradeProtocols())
				.filter(Http2Protocol.class::isInstance)
				.map(Http2Protocol.class::cast)
				.filter((http2) -> http2.getDrainTimeout() < LAST_STREAM_DELAY.toNanos())
				.forEach((http2) -> http2.setDrainTimeout(LAST_STREAM_DELAY.toNanos()));
		}
		else {
			served.requireNoRules();
			this.bundles.reload();
		}
	}

}
