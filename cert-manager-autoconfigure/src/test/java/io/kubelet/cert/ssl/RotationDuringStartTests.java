package io.kubelet.cert.ssl;

import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.net.jsse.JSSEImplementation;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.AbstractConfigurableWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A rotation while a web server starts, after it has copied the key store and before it
 * can be told of another.
 *
 * @see LiveSslContext
 * @see io.kubelet.cert.autoconfigure.server.ServedCertificates
 */
@ExtendWith(OutputCaptureExtension.class)
class RotationDuringStartTests {

	@ParameterizedTest
	@EnumSource
	void serverPresentsTheNewCertificate(Kind kind) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, AfterCopy.class)) {
			assertThat(server.bean(AfterCopy.class).rotated).isTrue();
			assertThat(server.served()).isEqualTo(server.pair("server").leaf());
		}
	}

	@ParameterizedTest
	@EnumSource
	void serverUsesTheBundlesThatTheApplicationGaveIt(Kind kind) throws Exception {
		String authority = Pem.write(List.of(OwnBundles.authority.certificate()));
		try (RotatingServer server = new RotatingServer(kind, OwnBundles.class);
				Connection connection = new Connection(Connection.context(authority, null, "TLS"), server.port(),
						null)) {
			assertThat(connection.serverCertificate()).isEqualTo(OwnBundles.pair.leaf());
		}
	}

	/** As with OpenSSL, which copies the stores. */
	@Test
	void tomcatWithTlsOfTheApplicationIsReloadedBySpringBoot(CapturedOutput output) throws Exception {
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, OwnTls.class)) {
			for (int rotation = 1; rotation <= 2; rotation++) {
				X509Certificate rotated = server.rotate("server");
				assertThat(server.served()).isEqualTo(rotated);
				assertThat(output.toString().split("configured from keystore", -1)).hasSize(2 + rotation);
			}
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class AfterCopy {

		private boolean rotated;

		@Bean
		@Order(Integer.MIN_VALUE)
		WebServerFactoryCustomizer<AbstractConfigurableWebServerFactory> rotation(CertificateManagers managers) {
			Runnable rotate = () -> {
				managers.get("server").rotate().join();
				this.rotated = true;
			};
			return (factory) -> {
				if (factory instanceof JettyWebServerFactory jetty) {
					jetty.addServerCustomizers((server) -> rotate.run());
				}
				else if (factory instanceof NettyReactiveWebServerFactory netty) {
					netty.addServerCustomizers((server) -> {
						rotate.run();
						return server;
					});
				}
				else if (factory instanceof TomcatWebServerFactory tomcat) {
					tomcat.addConnectorCustomizers((connector) -> rotate.run());
				}
			};
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnBundles {

		private static final TestAuthority authority = new TestAuthority("own");

		private static final CertificatePair pair = authority.pair("own", "localhost");

		@Bean
		@Order(1)
		WebServerFactoryCustomizer<AbstractConfigurableWebServerFactory> ownBundles() {
			SslBundle bundle = SslBundle.of(SslStoreBundle.of(KeyStores.holding(pair, "own", ""), "", null));
			return (factory) -> factory.setSslBundles(new DefaultSslBundleRegistry("server", bundle));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class OwnTls {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> ownTls() {
			return (factory) -> factory
				.addConnectorCustomizers((connector) -> ((AbstractHttp11Protocol<?>) connector.getProtocolHandler())
					.setSslImplementationName(OwnImplementation.class.getName()));
		}

	}

	public static final class OwnImplementation extends JSSEImplementation {

	}

}
