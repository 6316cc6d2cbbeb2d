package io.kubelet.cert.ssl;

import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.function.Consumer;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.apache.coyote.http11.AbstractHttp11Protocol;
import org.apache.tomcat.util.net.SSLHostConfigCertificate;
import org.apache.tomcat.util.net.SSLUtil;
import org.apache.tomcat.util.net.jsse.JSSEImplementation;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.ssl.NoSuchSslBundleException;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.tomcat.TomcatWebServerFactory;
import org.springframework.boot.web.server.AbstractConfigurableWebServerFactory;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.annotation.Order;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A rotation while a web server starts, after it has copied the key store and before it
 * can be told of another.
 */
class RotationDuringStartTests {

	private static EmbeddedControlPlane plane;

	@TempDir
	Path directory;

	@BeforeAll
	static void startControlPlane() {
		plane = EmbeddedControlPlane.start();
	}

	@AfterAll
	static void closeControlPlane() {
		plane.close();
	}

	@ParameterizedTest
	@EnumSource
	void serverPresentsTheNewCertificate(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, AfterCopy.class, plane, this.directory)) {
			assertThat(server.context().getBean(AfterCopy.class).rotated).isTrue();
			assertThat(served(server)).isEqualTo(server.current("server"));
		}
	}

	/** Tomcat does not load stores that are replaced while it loads them. */
	@Test
	void tomcatPresentsTheNewCertificateAfterARotationWhileItLoadsTheKeyStore() {
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, WhileLoading.class, plane, this.directory)) {
			assertThat(RotatingImplementation.rotate).isNull();
			assertThat(served(server)).isEqualTo(server.current("server"));
		}
	}

	/** As by SIGTERM while nobody signs. */
	@Test
	void applicationThatWaitsForItsFirstCertificateCanBeStopped() {
		CompletableFuture<ConfigurableApplicationContext> context = new CompletableFuture<>();
		CompletableFuture<Void> start = CompletableFuture
			.runAsync(() -> new SpringApplicationBuilder(Waiting.class).web(WebApplicationType.NONE)
				.initializers(context::complete)
				.run("--kubelet.cert.cert-dir=" + this.directory, "--kubelet.cert.startup.timeout=10m",
						"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
						"--kubelet.cert.signer-name=example.com/absent", "--kubelet.cert.template.common-name=waits"));
		Awaitility.await().until(() -> !plane.openCertificateSigningRequests().isEmpty());
		assertThat(CompletableFuture.runAsync(() -> context.join().close())).succeedsWithin(Duration.ofSeconds(30));
		assertThat(start).failsWithin(Duration.ofSeconds(30))
			.withThrowableThat()
			.withStackTraceContaining("Interrupted while waiting for certificate kubelet-client");
	}

	private static X509Certificate served(RotatingServer server) {
		try (Connection connection = new Connection(Connection.context(plane, null), server.port(), null)) {
			return connection.serverCertificate();
		}
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, CertificateSslAutoConfiguration.class,
			SslAutoConfiguration.class })
	static class Waiting {

	}

	@Configuration(proxyBeanMethods = false)
	static class AfterCopy {

		private boolean rotated;

		@Bean
		@Order(Integer.MIN_VALUE)
		WebServerFactoryCustomizer<AbstractConfigurableWebServerFactory> rotation(SslBundles bundles,
				CertificateManagers managers) {
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
				else {
					factory.setSslBundles(new RotatingBundles(bundles, rotate));
				}
			};
		}

	}

	/** Rotates when a handler is added, which is after the stores were copied. */
	private record RotatingBundles(SslBundles bundles, Runnable rotate) implements SslBundles {

		@Override
		public SslBundle getBundle(String name) throws NoSuchSslBundleException {
			return this.bundles.getBundle(name);
		}

		@Override
		public void addBundleUpdateHandler(String name, Consumer<SslBundle> handler) throws NoSuchSslBundleException {
			this.rotate.run();
			this.bundles.addBundleUpdateHandler(name, handler);
		}

		@Override
		public List<String> getBundleNames() {
			return this.bundles.getBundleNames();
		}

		@Override
		public void addBundleRegisterHandler(java.util.function.BiConsumer<String, SslBundle> handler) {
			this.bundles.addBundleRegisterHandler(handler);
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class WhileLoading {

		@Bean
		WebServerFactoryCustomizer<TomcatWebServerFactory> rotation(CertificateManagers managers) {
			RotatingImplementation.rotate = () -> managers.get("server").rotate().join();
			return (factory) -> factory
				.addConnectorCustomizers((connector) -> ((AbstractHttp11Protocol<?>) connector.getProtocolHandler())
					.setSslImplementationName(RotatingImplementation.class.getName()));
		}

	}

	public static final class RotatingImplementation extends JSSEImplementation {

		static volatile @Nullable Runnable rotate;

		@Override
		public SSLUtil getSSLUtil(SSLHostConfigCertificate certificate) {
			SSLUtil util = super.getSSLUtil(certificate);
			Runnable rotation = rotate;
			rotate = null;
			if (rotation == null) {
				return util;
			}
			return (SSLUtil) java.lang.reflect.Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { SSLUtil.class }, (proxy, method, arguments) -> {
						Object result = method.invoke(util, arguments);
						if (method.getName().equals("createSSLContext")) {
							rotation.run();
						}
						return result;
					});
		}

	}

}
