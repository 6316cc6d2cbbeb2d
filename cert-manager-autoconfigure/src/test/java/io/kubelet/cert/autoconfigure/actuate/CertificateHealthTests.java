package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.OffsetClock;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Health, probes, information and metrics over HTTP, while a certificate that nobody
 * approves becomes overdue and expires.
 */
class CertificateHealthTests {

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	@AutoClose
	private final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	@Test
	void overdueCertificateIsUpWithAWarningAndAnExpiredOneIsDownAndFailsNoProbe() throws Exception {
		try (ConfigurableApplicationContext context = run()) {
			assertThat(get(context, "/actuator/health").statusCode()).isEqualTo(200);
			JsonNode info = json(get(context, "/actuator/info")).at("/certificates/kubelet-client");
			assertThat(info.at("/state").asString()).isEqualTo("VALID");
			assertThat(info.at("/serialNumber").asString())
				.isEqualTo(context.getBean(CertificateManager.class).current().orElseThrow().serialNumber());
			assertThat(info.at("/nextRotationDeadline").asString()).endsWith("Z");
			pass(context, 0.95);
			HttpResponse<String> health = get(context, "/actuator/health");
			assertThat(health.statusCode()).isEqualTo(200);
			JsonNode certificate = json(health).at("/components/certificates/components/kubelet-client");
			assertThat(certificate.at("/status").asString()).isEqualTo("UP");
			assertThat(certificate.at("/details/state").asString()).isEqualTo("OVERDUE");
			assertThat(certificate.at("/details/warning").asString()).contains("overdue since");
			pass(context, 1.1);
			assertThat(get(context, "/actuator/health").statusCode()).isEqualTo(503);
			assertThat(get(context, "/actuator/health/certificates").body()).contains("\"EXPIRED\"");
			assertThat(get(context, "/actuator/health/liveness").statusCode()).isEqualTo(200);
			assertThat(get(context, "/actuator/health/readiness").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void overdueCertificateIsOutOfServiceAndAnExpiredOneFailsReadinessByChoice() throws Exception {
		try (ConfigurableApplicationContext context = run(
				"--management.health.certificates.overdue-status=out-of-service",
				"--management.endpoint.health.group.readiness.include=readinessState,certificates")) {
			assertThat(get(context, "/actuator/health").statusCode()).isEqualTo(200);
			assertThat(get(context, "/actuator/health/readiness").statusCode()).isEqualTo(200);
			pass(context, 0.95);
			HttpResponse<String> health = get(context, "/actuator/health");
			assertThat(health.statusCode()).isEqualTo(503);
			assertThat(json(health).at("/components/certificates/status").asString()).isEqualTo("OUT_OF_SERVICE");
			pass(context, 1.1);
			HttpResponse<String> readiness = get(context, "/actuator/health/readiness");
			assertThat(readiness.statusCode()).isEqualTo(503);
			assertThat(json(readiness).at("/status").asString()).isEqualTo("DOWN");
			assertThat(get(context, "/actuator/health/liveness").statusCode()).isEqualTo(200);
		}
	}

	@Test
	void applicationDoesNotHaveTheMetricsOfAKubeletUnlessItHasAProfile() throws Exception {
		try (ConfigurableApplicationContext context = run()) {
			assertThat(get(context, "/actuator/metrics").body()).contains("\"kubelet.cert.expiry\"")
				.doesNotContain("kubelet.certificate.manager");
			assertThat(json(get(context, "/actuator/metrics/kubelet.cert.lifetime")).at("/baseUnit").asString())
				.isEqualTo("seconds");
		}
		try (ConfigurableApplicationContext context = run("--kubelet.cert.profile=kubelet-client",
				"--kubelet.cert.node-name=test")) {
			assertThat(get(context, "/actuator/metrics").body()).contains("\"kubelet.cert.expiry\"")
				.contains("kubelet.certificate.manager.client.ttl.seconds");
		}
	}

	/** Sets the clock to a fraction of the lifetime; nobody approves from now on. */
	private void pass(ConfigurableApplicationContext context, double fraction) {
		this.plane.behavior().approval(ApprovalPolicy.manual());
		var pair = context.getBean(CertificateManager.class).current().orElseThrow();
		OffsetClock clock = context.getBean(OffsetClock.class);
		long lifetime = Duration.between(pair.notBefore(), pair.notAfter()).toMillis();
		clock.set(Duration.between(clock.instant(), pair.notBefore().plusMillis((long) (lifetime * fraction))));
	}

	private ConfigurableApplicationContext run(String... more) {
		String[] arguments = { "--server.port=0", "--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + this.plane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:test",
				"--kubelet.cert.template.organizations=system:nodes",
				"--management.endpoints.web.exposure.include=health,info,metrics",
				"--management.endpoint.health.show-details=always",
				"--management.endpoint.health.probes.enabled=true" };
		return new SpringApplicationBuilder(Application.class)
			.run(Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new));
	}

	private static HttpResponse<String> get(ConfigurableApplicationContext context, String path) throws Exception {
		String port = context.getEnvironment().getRequiredProperty("local.server.port");
		return CLIENT.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
				BodyHandlers.ofString());
	}

	private static JsonNode json(HttpResponse<String> response) {
		return JsonMapper.shared().readTree(response.body());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

		@Bean
		OffsetClock certificateClock() {
			return new OffsetClock();
		}

	}

}
