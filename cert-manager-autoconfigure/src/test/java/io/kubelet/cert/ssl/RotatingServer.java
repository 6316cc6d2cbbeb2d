package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import reactor.core.publisher.Flux;
import reactor.core.publisher.Mono;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.endpoint.web.WebEndpointAutoConfiguration;
import org.springframework.boot.actuate.autoconfigure.web.server.ManagementContextAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyServletManagementContextAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.NettyReactiveWebServerAutoConfiguration;
import org.springframework.boot.reactor.netty.autoconfigure.actuate.web.server.NettyReactiveManagementContextAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatServletManagementContextAutoConfiguration;
import org.springframework.boot.tomcat.autoconfigure.servlet.TomcatServletWebServerAutoConfiguration;
import org.springframework.boot.web.servlet.ServletRegistrationBean;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.core.io.buffer.DataBuffer;
import org.springframework.http.server.reactive.HttpHandler;

/**
 * An application that serves HTTPS with the certificate {@code server}. It answers with
 * the serial number of its client's certificate, and takes its time for {@code /held}, or
 * after the beginning of its answer for {@code /events}.
 */
final class RotatingServer extends RotatingApplication {

	private static final Queue<CompletableFuture<@Nullable Void>> held = new ConcurrentLinkedQueue<>();

	RotatingServer(Kind kind, String... properties) {
		this(kind, Server.class, properties);
	}

	/** A server of an application with something of its own. */
	RotatingServer(Kind kind, Class<?> source, String... properties) {
		super(kind.type, List.of(kind.configuration, source),
				Stream
					.concat(Stream.of("server.port=0", "server.address=127.0.0.1", "server.ssl.bundle=server"),
							Stream.of(properties))
					.toArray(String[]::new));
	}

	URI uri() {
		return URI.create("https://localhost:" + port() + "/");
	}

	int port() {
		return port("local.server.port");
	}

	/** Connects without a certificate. */
	Connection connect() throws IOException {
		return connect(null, "TLS");
	}

	Connection connect(@Nullable CertificatePair client, String protocol) throws IOException {
		return new Connection(Connection.context(client, protocol), port(), null);
	}

	/** Returns the certificate that a new connection sees. */
	X509Certificate served() throws IOException {
		try (Connection connection = connect()) {
			return connection.serverCertificate();
		}
	}

	/**
	 * Waits until a request for {@code /held} or {@code /events} is there, which nobody
	 * answers until told.
	 */
	CompletableFuture<@Nullable Void> held() {
		Awaitility.await().until(() -> !held.isEmpty());
		return held.remove();
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
		if (!path.equals("/held") && !path.equals("/events")) {
			return CompletableFuture.completedFuture(null);
		}
		CompletableFuture<@Nullable Void> release = new CompletableFuture<>();
		held.add(release);
		return release;
	}

	private static String presented(X509Certificate @Nullable [] chain) {
		return (chain != null) ? serial(chain[0]) : "none";
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateServerAutoConfiguration.class, ManagementContextAutoConfiguration.class,
			EndpointAutoConfiguration.class, WebEndpointAutoConfiguration.class })
	static class Server {

	}

	@Configuration(proxyBeanMethods = false)
	static class Servlets extends Server {

		@Bean
		ServletRegistrationBean<HttpServlet> servlet() {
			return new ServletRegistrationBean<>(new HttpServlet() {

				@Override
				protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
					X509Certificate[] chain = (X509Certificate[]) request
						.getAttribute("jakarta.servlet.request.X509Certificate");
					if (request.getRequestURI().equals("/events")) {
						response.getWriter().write("first");
						response.flushBuffer();
					}
					held(request.getRequestURI()).join();
					response.getWriter().write(presented(chain));
				}

			}, "/");
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ TomcatServletWebServerAutoConfiguration.class,
			TomcatServletManagementContextAutoConfiguration.class })
	static class Tomcat extends Servlets {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ JettyServletWebServerAutoConfiguration.class,
			JettyServletManagementContextAutoConfiguration.class })
	static class Jetty extends Servlets {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ NettyReactiveWebServerAutoConfiguration.class,
			NettyReactiveManagementContextAutoConfiguration.class })
	static class Netty extends Server {

		@Bean
		HttpHandler handler() {
			return (request, response) -> {
				X509Certificate[] chain = (request.getSslInfo() != null) ? request.getSslInfo().getPeerCertificates()
						: null;
				byte[] body = presented(chain).getBytes();
				Mono<DataBuffer> answer = Mono.fromFuture(held(request.getPath().value()))
					.thenReturn(response.bufferFactory().wrap(body));
				if (request.getPath().value().equals("/events")) {
					DataBuffer first = response.bufferFactory().wrap("first".getBytes());
					return response.writeAndFlushWith(Flux.just(Mono.just(first), answer));
				}
				response.getHeaders().setContentLength(body.length);
				return response.writeWith(answer);
			};
		}

	}

}
