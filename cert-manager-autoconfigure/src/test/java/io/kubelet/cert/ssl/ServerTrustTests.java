package io.kubelet.cert.ssl;

import java.security.KeyStore;

import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import org.eclipse.jetty.server.SslConnectionFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests of what an application configures in a server besides its bundle.
 *
 * @see io.kubelet.cert.autoconfigure.server.ServedCertificates
 */
class ServerTrustTests {

	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "JETTY" })
	void startFailsIfWhomTheServerTrustsIsConfiguredInCode(Kind kind) {
		assertThatException().isThrownBy(() -> new RotatingServer(kind, WithTrust.class).close())
			.withRootCauseInstanceOf(InvalidSettingsException.class)
			.havingRootCause()
			.withMessageEndingWith("which would not be used: it checks clients by the SSL bundle 'server'");
	}

	/** As {@code javax.net.ssl.trustStore} names one to Tomcat. */
	@Test
	void trustStoreOfTheJdkIsNotReadForABundle() {
		assertThatNoException().isThrownBy(
				() -> new RotatingServer(Kind.TOMCAT, WithAbsentTrust.class, "kubelet.cert.ssl.trust=system").close());
	}

	@Configuration(proxyBeanMethods = false)
	static class WithAbsentTrust {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> absent() {
			return (factory) -> factory.addConnectorCustomizers(
					(connector) -> connector.findSslHostConfigs()[0].setTruststoreFile("/absent/cacerts"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithTrust {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> trustInTomcat() throws Exception {
			KeyStore trust = KeyStore.getInstance("JKS");
			trust.load(null, null);
			return (factory) -> factory
				.addConnectorCustomizers((connector) -> connector.findSslHostConfigs()[0].setTrustStore(trust));
		}

		@Bean
		WebServerFactoryCustomizer<JettyWebServerFactory> revocationInJetty() {
			return (factory) -> factory.addServerCustomizers(
					(server) -> server.getConnectors()[0].getConnectionFactory(SslConnectionFactory.class)
						.getSslContextFactory()
						.setEnableOCSP(true));
		}

	}

}
