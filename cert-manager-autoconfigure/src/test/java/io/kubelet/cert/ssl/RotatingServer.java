package io.kubelet.cert.ssl;

import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyServletManagementContextAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.jetty.servlet.JettyServletWebServerFactory;
import org.springframework.boot.reactor.netty.NettyReactiveWebServerFactory;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.actuate.web.server.NettyReactiveManagementContextAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.tomcat.servlet.TomcatServletWebServerFactory;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.http.server.reactive.HttpHandler;

/**
 * An application that serves HTTPS with a certificate named {@code server}, and holds
 * another named {@code client}. It answers with the serial number of its client's
 * certificate, and takes its time for {@code /held}.
 */
final class RotatingServer implements AutoCloseable {

	private static final Queue<CompletableFuture<@Nullable Void>> held = new ConcurrentLinkedQueue<>();

	private final ConfigurableApplicationContext context;

	private final URI uri;

	RotatingServer(Kind kind, EmbeddedControlPlane plane, Path directory, String... properties) {
		this(kind, Certificates.class, plane, directory, properties);
	}

	/** A server of an application with something of its own. */
	RotatingServer(Kind kind, Class<?> source, EmbeddedControlPlane plane, Path directory, String... properties) {
		this.context = application(plane, directory, properties).sources(kind.configuration, source)
			.web(kind.type)
			.run();
		this.uri = URI.create("https://localhost:" + this.context.getEnvironment().getProperty("local.server.port"));
	}

	/** An application with the certificates, but without a server. */
	static ConfigurableApplicationContext withoutServer(EmbeddedControlPlane plane, Path directory, Class<?> source,
			String... properties) {
		return application(plane, directory, properties).sources(source).web(WebApplicationType.NONE).run();
	}

	private static SpringApplicationBuilder application(EmbeddedControlPlane plane, Path directory,
			String... properties) {
		return new SpringApplicationBuilder().logStartupInfo(false)
			.properties("spring.main.banner-mode=off", "server.port=0", "server.address=127.0.0.1",
					"kubelet.cert.cert-dir=" + directory.resolve("pki"), "kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(directory),
					"kubelet.cert.pair-name=server", "kubelet.cert.signer-name=kubernetes.io/kubelet-serving",
					"kubelet.cert.template.common-name=system:node:test",
					"kubelet.cert.template.organizations=system:nodes",
					"kubelet.cert.template.dns-names=localhost,one.test",
					"kubelet.cert.additional.client.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
					"kubelet.cert.additional.client.template.common-name=system:node:test",
					"kubelet.cert.additional.client.template.organizations=system:nodes", "server.ssl.bundle=server")
			.properties(properties);
	}

	URI uri() {
		return this.uri;
	}

	int port() {
		return this.uri.getPort();
	}

	ConfigurableApplicationContext context() {
		return this.context;
	}

	/**
	 * Wait until a request for {@code /held} is there, which nobody answers until told.
	 */
	CompletableFuture<@Nullable Void> held() {
		Awaitility.await().until(() -> !held.isEmpty());
		return held.remove();
	}

	/** Rotate, and wait until all have been told. */
	X509Certificate rotate(String certificate) {
		return rotate(this.context, certificate);
	}

	static X509Certificate rotate(ConfigurableApplicationContext context, String certificate) {
		CertificatePair pair = context.getBean(CertificateManagers.class).get(certificate).rotate().join();
		return pair.leaf();
	}

	X509Certificate current(String certificate) {
		return this.context.getBean(CertificateManagers.class).get(certificate).current().orElseThrow().leaf();
	}

	@Override
	public void close() {
		this.context.close();
	}

	enum Kind {

		TOMCAT(Tomcat.class, WebApplicationType.SERVLET),

		JETTY(Jetty.class, WebApplicationType.SERVLET),

		NETTY(Netty.class, WebApplicationType.REACTIVE);

		private final Class<?> configuration;

		private final WebApplicationType type;

		Kind(Class<?> configuration, WebApplicationType type) {
			this.configuration = configuration;
			this.type = type;
		}

	}

	/** What an answer waits for. */
	private static CompletableFuture<@Nullable Void> held(String path) {
		if (!path.equals("/held")) {
			return CompletableFuture.completedFuture(null);
		}
		CompletableFuture<@Nullable Void> release = new CompletableFuture<>();
		held.add(release);
		return release;
	}

	private static String serialNumber(X509Certificate @Nullable [] chain) {
		return (chain != null) ? chain[0].getSerialNumber().toString(16) : "none";
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ SslAutoConfiguration.class, CertificateManagerAutoConfiguration.class,
			CertificateSslAutoConfiguration.class, CertificateServerAutoConfiguration.class,
			ManagementContextAutoConfiguration.class, EndpointAutoConfiguration.class,
			WebEndpointAutoConfiguration.class })
	static class Certificates {

	}

	@Configuration(proxyBeanMethods = false)
	static class Servlets extends Certificates {

		@Bean
		ServletRegistrationBean<HttpServlet> servlet() {
			return new ServletRegistrationBean<>(new HttpServlet() {

				@Override
				protected void doGet(HttpServletRequest request, HttpServletResponse response)
						throws java.io.IOException {
					X509Certificate[] chain = (X509Certificate[]) request
						.getAttribute("jakarta.servlet.request.X509Certificate");
					held(request.getRequestURI()).join();
					response.getWriter().write(serialNumber(chain));
				}

			}, "/");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ TomcatServletWebServerAutoConfiguration.class,
			TomcatServletManagementContextAutoConfiguration.class })
	static class Tomcat extends Servlets {

		@Bean
		TomcatServletWebServerFactory factory() {
			return new TomcatServletWebServerFactory();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ JettyServletWebServerAutoConfiguration.class,
			JettyServletManagementContextAutoConfiguration.class })
	static class Jetty extends Servlets {

		@Bean
		JettyServletWebServerFactory factory() {
			return new JettyServletWebServerFactory();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ NettyReactiveWebServerAutoConfiguration.class,
			NettyReactiveManagementContextAutoConfiguration.class })
	static class Netty extends Certificates {

		@Bean
		NettyReactiveWebServerFactory factory() {
			return new NettyReactiveWebServerFactory();
		}

		@Bean
		HttpHandler handler() {
			return (request, response) -> {
				X509Certificate[] chain = (request.getSslInfo() != null) ? request.getSslInfo().getPeerCertificates()
						: null;
				byte[] body = serialNumber(chain).getBytes();
				response.getHeaders().setContentLength(body.length);
				return response.writeWith(Mono.fromFuture(held(request.getPath().value()))
					.thenReturn(response.bufferFactory().wrap(body)));
			};
		}

	}

}
