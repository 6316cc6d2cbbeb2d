package io.kubelet.cert.ssl;

import java.net.URI;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.Load;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Configuration;
import org.springframework.util.ClassUtils;
import org.springframework.web.client.RestClient;

/**
 * Routes of Spring Cloud Gateway present a certificate that rotates. Runs with
 * {@code -Pgateway}.
 *
 * @see LiveSslBundle
 * @see io.kubelet.cert.autoconfigure.client.LiveClientBuilders
 */
@EnabledIf("isPresent")
class GatewayRotationTests {

	static boolean isPresent() {
		return ClassUtils.isPresent("org.springframework.cloud.gateway.server.mvc.GatewayServerMvcAutoConfiguration",
				null);
	}

	@ParameterizedTest
	@EnumSource
	void noCallThroughARouteFails(Gateway gateway) throws Exception {
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, "server.ssl.client-auth=need");
				RotatingApplication application = gateway.start(server.uri())) {
			URI uri = URI.create("http://localhost:%d/".formatted(application.port("local.server.port")));
			RestClient client = RestClient.create();
			Load.during(20, () -> get(client, uri), () -> {
				String rotated = RotatingApplication.serial(application.rotate("client"));
				Awaitility.await().until(() -> get(client, uri), rotated::equals);
			});
		}
	}

	private static String get(RestClient client, URI uri) {
		return String.valueOf(client.get().uri(uri).retrieve().body(String.class));
	}

	enum Gateway {

		WEB_MVC(WebApplicationType.SERVLET, Mvc.class, "spring.cloud.gateway.server.webmvc",
				"spring.http.clients.ssl.bundle=client"),

		/** Its pool keeps connections, and follows no bundle. */
		WEB_FLUX(WebApplicationType.REACTIVE, Flux.class, "spring.cloud.gateway.server.webflux",
				"spring.cloud.gateway.server.webflux.httpclient.ssl.ssl-bundle=client",
				"spring.cloud.gateway.server.webflux.httpclient.pool.max-life-time=300ms");

		private final WebApplicationType type;

		private final Class<?> configuration;

		private final String prefix;

		private final List<String> properties;

		Gateway(WebApplicationType type, Class<?> configuration, String prefix, String... properties) {
			this.type = type;
			this.configuration = configuration;
			this.prefix = prefix;
			this.properties = List.of(properties);
		}

		RotatingApplication start(URI server) {
			List<String> route = List.of("server.port=0", this.prefix + ".routes[0].id=server",
					this.prefix + ".routes[0].uri=" + server, this.prefix + ".routes[0].predicates[0]=Path=/**");
			return new RotatingApplication(this.type, List.of(this.configuration),
					Stream.of(route, this.properties).flatMap(List::stream).toArray(String[]::new));
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration
	static class Mvc {

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration
	static class Flux {

	}

}
