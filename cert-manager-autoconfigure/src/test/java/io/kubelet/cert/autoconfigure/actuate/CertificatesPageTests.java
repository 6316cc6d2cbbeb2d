package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateManagers;
import org.glassfish.jersey.server.ResourceConfig;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.actuate.autoconfigure.endpoint.EndpointAutoConfiguration;
import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jersey.autoconfigure.actuate.web.ManagementContextResourceConfigCustomizer;
import org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyReactiveManagementContextAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.actuate.web.server.JettyServletManagementContextAutoConfiguration;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.tomcat.autoconfigure.actuate.web.server.TomcatReactiveManagementContextAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.DispatcherServletAutoConfiguration;
import org.springframework.boot.webmvc.autoconfigure.error.ErrorMvcAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Who gets the page, and who gets JSON. What the page shows in a browser is tested with
 * the sample.
 *
 * @see CertificatesPage
 * @see CertificatesEndpointWebExtension
 */
class CertificatesPageTests {

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	private static final String CHROMIUM = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,image/apng,*/*;q=0.8,application/signed-exchange;v=b3;q=0.7";

	private static final String FIREFOX = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

	private static final String V3 = "application/vnd.spring-boot.actuator.v3+json";

	/** Jersey would choose at random if both operations had the same quality. */
	@ParameterizedTest
	@CsvSource({ "servlet, false, /shop", "servlet, true, ''", "reactive, false, /shop" })
	void browserGetsThePageAndEverythingElseJson(String type, boolean jersey, String path) throws Exception {
		try (ConfigurableApplicationContext context = run(jersey ? JerseyApplication.class : Application.class,
				"--spring.main.web-application-type=" + type, "--server.servlet.context-path=" + path,
				"--spring.webflux.base-path=" + path, "--management.endpoints.web.base-path=/manage",
				"--management.endpoints.web.path-mapping.certificates=pki")) {
			String url = url(context, "server", path + "/manage/pki");
			for (String accept : List.of(CHROMIUM, FIREFOX, "text/html", "application/json;q=0.5, text/html")) {
				HttpResponse<String> page = get(url, accept);
				assertThat(page.statusCode()).isEqualTo(200);
				assertThat(page.headers().firstValue("Content-Type").orElse("")).as(accept)
					.isIn("text/html", "text/html;charset=utf-8");
				assertThat(page.body()).startsWith("<!DOCTYPE html>").endsWith("</html>\n");
			}
			for (String accept : new @Nullable String[] { null, "*/*", V3, "application/json", "application/*",
					"application/vnd.spring-boot.actuator.v2+json", "application/json, text/plain, */*",
					"application/json, text/html", "text/html;q=0.5, application/json", "text/html;q=0.5, */*",
					V3 + ", application/json" }) {
				assertThat(get(url, accept).body()).as("accepting " + accept).isEqualTo("{\"certificates\":{}}");
			}
			assertThat(get(url, null).headers().firstValue("Content-Type")).hasValue(V3);
			assertThat(get(url, "application/json").headers().firstValue("Content-Type")).hasValue("application/json");
			assertThat(get(url, "image/png").statusCode()).isEqualTo(406);
			assertThat(get(url(context, "server", path + "/manage"), null).body()).contains("\"certificates\":{")
				.contains("/manage/pki\"");
		}
	}

	@ParameterizedTest
	@ValueSource(strings = { "servlet", "reactive" })
	void pageIsOnThePortOfTheEndpoints(String type) throws Exception {
		try (ConfigurableApplicationContext context = run(Application.class, "--management.server.port=0",
				"--spring.main.web-application-type=" + type, "--management.endpoints.web.base-path=/")) {
			String url = url(context, "management", "/certificates");
			assertThat(get(url, CHROMIUM).body()).startsWith("<!DOCTYPE html>");
			assertThat(get(url, null).body()).startsWith("{");
		}
	}

	@ParameterizedTest
	@CsvSource({ "false, management.endpoint.certificates.access=READ_ONLY",
			"true, management.endpoint.certificates.access=UNRESTRICTED",
			"false, management.endpoint.certificates.access=UNRESTRICTED management.endpoints.access.max-permitted=READ_ONLY" })
	void pageOffersRotationsOnlyIfTheEndpointDoes(boolean offered, String properties) {
		new ApplicationContextRunner()
			.withConfiguration(
					AutoConfigurations.of(EndpointAutoConfiguration.class, CertificateActuatorAutoConfiguration.class))
			.withBean(CertificateManagers.class, () -> new CertificateManagers(List.of()))
			.withPropertyValues("management.endpoints.web.exposure.include=certificates")
			.withPropertyValues(properties.split(" "))
			.run((context) -> assertThat(context.getBean(CertificatesEndpointWebExtension.class).page().getBody())
				.contains("data-rotates=\"" + offered + "\""));
	}

	@Test
	void pageIsSmallAndLoadsNothingFromElsewhere() {
		String page = new CertificatesPage(true, Clock.fixed(Instant.EPOCH, ZoneOffset.UTC)).html();
		assertThat(page).hasSizeLessThan(40_000)
			.contains("data-now=\"1970-01-01T00:00:00Z\"")
			.containsPattern("default-src 'none'; script-src 'sha256-[\\w+/]{43}='; style-src 'sha256-[\\w+/]{43}=';")
			.doesNotContain("{{", "http:", "https:", "unsafe-")
			.doesNotContainPattern("\\son\\w+=|\\sstyle=");
		assertThat(page.chars()).allMatch((character) -> character < 128);
	}

	private static ConfigurableApplicationContext run(Class<?> application, String... more) {
		Stream<String> arguments = Stream.of("--server.port=0",
				"--management.endpoints.web.exposure.include=certificates",
				"--management.otlp.metrics.export.enabled=false");
		return new SpringApplicationBuilder(application)
			.run(Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
	}

	private static String url(ConfigurableApplicationContext context, String server, String path) {
		return "http://localhost:" + context.getEnvironment().getRequiredProperty("local." + server + ".port") + path;
	}

	private static HttpResponse<String> get(String url, @Nullable String accept) throws Exception {
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create(url));
		if (accept != null) {
			request.header("Accept", accept);
		}
		return CLIENT.send(request.build(), BodyHandlers.ofString());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { JettyServletWebServerAutoConfiguration.class,
			JettyServletManagementContextAutoConfiguration.class, JettyReactiveManagementContextAutoConfiguration.class,
			TomcatReactiveManagementContextAutoConfiguration.class })
	static class Application {

		@Bean
		CertificateManagers certificateManagers() {
			return new CertificateManagers(List.of());
		}

	}

	/** As it would be without Spring MVC. */
	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = { DispatcherServletAutoConfiguration.class, ErrorMvcAutoConfiguration.class,
			JettyServletWebServerAutoConfiguration.class })
	static class JerseyApplication extends Application {

		@Bean
		ResourceConfig resourceConfig(ObjectProvider<ManagementContextResourceConfigCustomizer> customizers) {
			ResourceConfig config = new ResourceConfig();
			customizers.forEach((customizer) -> customizer.customize(config));
			return config;
		}

	}

}
