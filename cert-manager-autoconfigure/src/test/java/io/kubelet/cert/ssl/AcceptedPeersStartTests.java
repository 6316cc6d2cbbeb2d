package io.kubelet.cert.ssl;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.autoconfigure.settings.InvalidSettingsException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.apache.coyote.http11.Http11Nio2Protocol;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.ConfigurableWebServerFactory;
import org.springframework.boot.web.server.Ssl;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;
import static org.assertj.core.api.Assertions.assertThatNoException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Accepted peers that would not be checked: the application does not start, or says so.
 *
 * @see io.kubelet.cert.autoconfigure.ssl.CheckedPeers
 * @see io.kubelet.cert.autoconfigure.settings.ClientAuthentication
 */
@ExtendWith(OutputCaptureExtension.class)
class AcceptedPeersStartTests {

	private static final String SHOP = "kubelet.cert.ssl.accepted-clients.dns-names=shop.svc";

	@ParameterizedTest
	@CsvSource({ "server.ssl.client-auth=", "server.ssl.client-auth=none", "server.ssl.client-auth=NONE" })
	void serverThatAsksForNoCertificateDoesNotStart(String clientAuth) {
		Throwable failure = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, SHOP, clientAuth).close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll("server.ssl.client-auth",
				"'kubelet.cert.ssl.accepted-clients' is set for the SSL bundle 'server' of this server, which asks its clients for no certificate, so nobody would be checked",
				"set it to 'need'");
	}

	@Test
	void serverThatAsksForNoCertificateDoesNotStartIfTheListIsInherited() {
		Throwable failure = catchThrowable(() -> new RotatingServer(Kind.NETTY, SHOP, "server.ssl.bundle=second",
				"kubelet.cert.additional.second.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.second.template.common-name=system:node:second",
				"kubelet.cert.additional.second.template.organizations=system:nodes",
				"kubelet.cert.additional.second.template.dns-names=localhost")
			.close());
		assertThat(StartFailures.property(failure))
			.hasMessageContaining(
					"'kubelet.cert.ssl.accepted-clients' is set for the SSL bundle 'second' of this server")
			.hasMessageContaining("set 'kubelet.cert.additional.second.ssl.accepted-clients.all' to 'true'");
		new RotatingServer(Kind.NETTY, SHOP, "server.ssl.bundle=second",
				"kubelet.cert.additional.second.ssl.accepted-clients.all=true",
				"kubelet.cert.additional.second.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.second.template.common-name=system:node:second",
				"kubelet.cert.additional.second.template.organizations=system:nodes",
				"kubelet.cert.additional.second.template.dns-names=localhost")
			.close();
	}

	@Test
	void everyServerHasToAsk() {
		String[] properties = { SHOP, "server.ssl.client-auth=need", "management.server.ssl.bundle=server",
				"management.server.port=0", "management.server.ssl.client-auth=none" };
		Throwable management = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, properties).close());
		assertThat(StartFailures.property(management)).hasMessageContainingAll("management.server.ssl.client-auth",
				"or to 'want' (gRPC: 'optional') if clients without a certificate are to pass");
		properties[4] = "management.server.ssl.client-auth=want";
		new RotatingServer(Kind.TOMCAT, properties).close();
		Throwable grpc = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, SHOP, "server.ssl.client-auth=want",
				"spring.grpc.server.ssl.bundle=server")
			.close());
		assertThat(StartFailures.property(grpc)).hasMessageContainingAll("spring.grpc.server.ssl.client-auth",
				"(gRPC: 'require')");
	}

	@Test
	void acceptedClientsOfABundleWithoutAServerAreAWarningUnlessTheyAreInherited(CapturedOutput output) {
		new RotatingApplication(SHOP).close();
		assertThat(output).containsOnlyOnce("'kubelet.cert.ssl.accepted-clients' is set, but no property of a server "
				+ "names the SSL bundle 'server': nobody is checked by it");
	}

	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "NETTY" })
	void bundlesOfOneServerHaveToAcceptTheSameClients(Kind kind) {
		String[] properties = { SHOP, "server.ssl.client-auth=need",
				"server.ssl.server-name-bundles[0].server-name=two.test",
				"server.ssl.server-name-bundles[0].bundle=two",
				"kubelet.cert.additional.two.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.two.template.common-name=system:node:two",
				"kubelet.cert.additional.two.template.organizations=system:nodes",
				"kubelet.cert.additional.two.template.dns-names=two.test" };
		new RotatingServer(kind, properties).close();
		properties[0] = SHOP + "," + "other.svc";
		String[] others = List.of(properties).toArray(new String[properties.length + 1]);
		others[properties.length] = "kubelet.cert.additional.two.ssl.accepted-clients.dns-names=shop.svc";
		assertThatException().isThrownBy(() -> new RotatingServer(kind, others).close())
			.withRootCauseInstanceOf(InvalidSettingsException.class)
			.havingRootCause()
			.withMessageStartingWith(
					"The SSL bundles of one server accept different clients: [the SSL bundle 'server'");
	}

	/** It uses the bundles by WebSocket only. */
	@ParameterizedTest
	@CsvSource({ "dns-names=shop.svc, true", "dns-names=other.svc, false", "all=true, false" })
	void bundlesOfAnRsocketServerHaveToAcceptTheSameClients(String others, boolean starts) {
		String server = "spring.rsocket.server.ssl.";
		ThrowingCallable start = () -> new RotatingServer(Kind.TOMCAT, SHOP, "server.ssl.client-auth=need",
				server + "bundle=server", server + "client-auth=need",
				server + "server-name-bundles[0].server-name=two.test", server + "server-name-bundles[0].bundle=two",
				"kubelet.cert.additional.two.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.two.template.common-name=system:node:two",
				"kubelet.cert.additional.two.template.organizations=system:nodes",
				"kubelet.cert.additional.two.template.dns-names=two.test",
				"kubelet.cert.additional.two.ssl.accepted-clients." + others)
			.close();
		if (starts) {
			assertThatNoException().isThrownBy(start);
		}
		else {
			assertThat(StartFailures.property(catchThrowable(start))).hasMessageContainingAll(
					server + "server-name-bundles[0].bundle", "It accepts other clients ('ssl.accepted-clients') than");
		}
	}

	/** Clients that name no server would pass without a check. */
	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "NETTY" })
	void certificateOfFilesBesideABundleDoesNotStart(Kind kind) {
		assertThatException()
			.isThrownBy(() -> new RotatingServer(kind, WithFiles.class, SHOP, "server.ssl.client-auth=need").close())
			.withRootCauseInstanceOf(InvalidSettingsException.class)
			.havingRootCause()
			.withMessageStartingWith("The SSL bundles of one server accept different clients");
	}

	@ParameterizedTest
	@EnumSource
	void serverThatCodeLetsAskForNoCertificateDoesNotStart(Kind kind) {
		assertThatException()
			.isThrownBy(
					() -> new RotatingServer(kind, WithoutClients.class, SHOP, "server.ssl.client-auth=need").close())
			.withRootCauseInstanceOf(InvalidSettingsException.class)
			.havingRootCause()
			.withMessageStartingWith(
					"Only certain clients are accepted with the SSL bundle 'server', but the application");
	}

	@Test
	void grpcThatAcceptsEveryCertificateDoesNotStart() {
		Throwable server = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, SHOP, "server.ssl.client-auth=need",
				"spring.grpc.server.ssl.bundle=server", "spring.grpc.server.ssl.client-auth=require",
				"spring.grpc.server.ssl.secure=false")
			.close());
		assertThat(StartFailures.property(server)).hasMessageContainingAll("spring.grpc.server.ssl.secure",
				"'kubelet.cert.ssl.accepted-clients' is set for the SSL bundle 'server' that is used here, but every certificate would be accepted: set it to 'true'");
		String servers = "kubelet.cert.additional.client.ssl.accepted-servers.dns-names=orders.svc";
		String channel = "spring.grpc.client.channel.orders.";
		Throwable client = catchThrowable(() -> new RotatingApplication(servers, channel + "ssl.bundle=client",
				channel + "bypass-certificate-validation=true")
			.close());
		assertThat(StartFailures.property(client)).hasMessageContainingAll(channel + "bypass-certificate-validation",
				"'kubelet.cert.additional.client.ssl.accepted-servers' is set for the SSL bundle 'client'",
				"set it to 'false'");
		// It is a channel of its own, and nothing of the default one applies to it
		new RotatingApplication(servers, "spring.grpc.client.channel.default.ssl.bundle=client",
				channel + "bypassCertificateValidation=true")
			.close();
		new RotatingApplication(servers, channel + "ssl.bundle=server", channel + "bypass-certificate-validation=true")
			.close();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|',
			textBlock = """
					spring.grpc.client.channels.orders.ssl.bundle | spring.grpc.client.channels.orders.secure=false
					spring.grpc.client.default-channel.ssl.bundle | spring.grpc.client.default-channel.secure=false
					spring.grpc.client.channel.default.ssl.bundle | spring.grpc.client.channel.default.bypassCertificateValidation=true
					spring.cloud.gateway.server.webflux.httpclient.ssl.ssl-bundle | spring.cloud.gateway.server.webflux.httpclient.ssl.use-insecure-trust-manager=true""")
	void clientThatAcceptsEveryCertificateDoesNotStart(String bundle, String unchecked) {
		String servers = "kubelet.cert.additional.client.ssl.accepted-servers.dns-names=orders.svc";
		Throwable client = catchThrowable(
				() -> new RotatingApplication(servers, bundle + "=client", unchecked).close());
		assertThat(StartFailures.property(client))
			.hasMessageContaining("is set for the SSL bundle 'client' that is used here");
		new RotatingApplication(bundle + "=client", unchecked).close();
	}

	@Test
	void serverThatCopiesTheStoresDoesNotStart() {
		assertThatException()
			.isThrownBy(() -> new RotatingServer(Kind.TOMCAT, OtherProtocol.class, SHOP, "server.ssl.client-auth=need")
				.close())
			.withRootCauseInstanceOf(InvalidSettingsException.class)
			.havingRootCause()
			.withMessageStartingWith("Only certain peers are accepted with the SSL bundle 'server', which this server "
					+ "would not check");
		new RotatingServer(Kind.TOMCAT, OtherProtocol.class).close();
	}

	/** Another trust manager that is made of it would accept everybody. */
	@Test
	void trustStoreOfABundleWithRulesTrustsNobody(@TempDir Path directory) throws Exception {
		TestAuthority authority = new TestAuthority("one");
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		String trust = "kubelet.cert.ssl.trust-file=" + trusted;
		X509Certificate[] chain = { authority.pair("shop", "shop.svc").leaf() };
		try (RotatingApplication application = new RotatingApplication(trust)) {
			copied(application).checkClientTrusted(chain, "EC");
		}
		for (String rule : List.of(SHOP, "kubelet.cert.ssl.accepted-servers.dns-names=shop.svc")) {
			try (RotatingApplication application = new RotatingApplication(trust, rule)) {
				assertThat(KeyStores.isTrust(application.bundle("server").getStores().getTrustStore())).isTrue();
				assertThatThrownBy(() -> copied(application).checkClientTrusted(chain, "EC"));
				((X509TrustManager) application.bundle("server").getManagers().getTrustManagers()[0])
					.checkClientTrusted(chain, "EC");
			}
		}
	}

	private static X509TrustManager copied(RotatingApplication application) throws Exception {
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init(application.bundle("server").getStores().getTrustStore());
		return (X509TrustManager) factory.getTrustManagers()[0];
	}

	@Configuration(proxyBeanMethods = false)
	static class OtherProtocol {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> other() {
			return (factory) -> factory.setProtocol(Http11Nio2Protocol.class.getName());
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithoutClients {

		@Bean
		WebServerFactoryCustomizer<ConfigurableWebServerFactory> withoutClients() {
			return (factory) -> factory.setSsl(Ssl.forBundle("server"));
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WithFiles {

		@Bean
		WebServerFactoryCustomizer<ConfigurableWebServerFactory> files() {
			CertificatePair pair = new TestAuthority("fixed").pair("fixed", "fixed.test");
			Ssl ssl = new Ssl();
			ssl.setClientAuth(Ssl.ClientAuth.NEED);
			ssl.setCertificate(Pem.write(pair.chain()));
			ssl.setCertificatePrivateKey(Pem.write(pair));
			ssl.setServerNameBundles(List.of(new Ssl.ServerNameSslBundle("one.test", "server")));
			return (factory) -> factory.setSsl(ssl);
		}

	}

}
