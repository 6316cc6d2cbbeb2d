package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;

import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a whole application that did not wait for its certificate, all of Spring
 * Boot's indicators included.
 */
class BackgroundHealthTests {

	@TempDir
	Path directory;

	@Test
	void applicationIsAliveButNotReadyUntilItHasItsCertificate() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().approval(ApprovalPolicy.manual()).start();
				ConfigurableApplicationContext context = run(plane)) {
			HttpResponse<String> readiness = get(context, "/actuator/health/readiness");
			assertThat(readiness.statusCode()).isEqualTo(503);
			assertThat(readiness.body()).contains("OUT_OF_SERVICE");
			assertThat(get(context, "/actuator/health/liveness").statusCode()).isEqualTo(200);
			HttpResponse<String> waiting = get(context, "/actuator/health");
			assertThat(status(waiting, "certificates")).isEqualTo("DOWN");
			assertThat(status(waiting, "ssl")).isEqualTo("UP");
			plane.behavior().approval(ApprovalPolicy.approving());
			Awaitility.await().until(() -> status(get(context, "/actuator/health"), "certificates").equals("UP"));
			assertThat(get(context, "/actuator/health/readiness").statusCode()).isEqualTo(200);
		}
	}

	private ConfigurableApplicationContext run(EmbeddedControlPlane plane) {
		return new SpringApplicationBuilder(Application.class).run("--server.port=0",
				"--kubelet.cert.startup.mode=background", "--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:test",
				"--kubelet.cert.template.organizations=system:nodes",
				"--management.endpoint.health.show-components=always");
	}

	private static HttpResponse<String> get(ConfigurableApplicationContext context, String path) throws Exception {
		String port = context.getEnvironment().getRequiredProperty("local.server.port");
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path)).build(),
					BodyHandlers.ofString());
	}

	private static String status(HttpResponse<String> health, String component) {
		JsonNode body = JsonMapper.shared().readTree(health.body());
		return body.at("/components/" + component + "/status").asString();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
