package io.kubelet.cert.ssl;

import java.time.Duration;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.apache.catalina.connector.Connector;
import org.apache.coyote.http2.Http2Protocol;
import org.jspecify.annotations.Nullable;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.TomcatConnectorCustomizer;
import org.springframework.boot.web.server.Ssl;

/**
 * Drains the connections that Tomcat accepted before a rotation: they are asked to close
 * with their next response, and closed when the drain is over. Spring Boot itself lets
 * Tomcat take the new pair.
 * <p>
 * It takes a {@link DrainingNioProtocol}, and JSSE. Connections of another protocol,
 * which somebody has chosen instead, or of OpenSSL, which does not tell what was
 * presented, end when they have been idle for the keep-alive timeout.
 */
public final class TomcatRotation implements TomcatConnectorCustomizer {

	/**
	 * From when a client is told to open no more streams until it is told which was the
	 * last: those that come later are dropped. Tomcat would wait for a round trip.
	 */
	private static final Duration FAREWELL = Duration.ofSeconds(1);

	private final SslBundles bundles;

	private final Supplier<@Nullable Ssl> ssl;

	/**
	 * Create a customizer.
	 * @param bundles the SSL bundles
	 * @param ssl the configuration of the server, asked for when the server is made
	 */
	public TomcatRotation(SslBundles bundles, Supplier<@Nullable Ssl> ssl) {
		this.bundles = bundles;
		this.ssl = ssl;
	}

	/**
	 * After Spring Boot's own handler, which is there when the connector is customized.
	 */
	@Override
	public void customize(Connector connector) {
		if (connector.getProtocolHandler() instanceof DrainingNioProtocol protocol) {
			ServedCertificates.of(this.bundles, this.ssl.get()).follow(protocol);
			Stream.of(connector.findUpgradeProtocols())
				.filter(Http2Protocol.class::isInstance)
				.map(Http2Protocol.class::cast)
				.filter((http2) -> http2.getDrainTimeout() < FAREWELL.toNanos())
				.forEach((http2) -> http2.setDrainTimeout(FAREWELL.toNanos()));
		}
	}

}
