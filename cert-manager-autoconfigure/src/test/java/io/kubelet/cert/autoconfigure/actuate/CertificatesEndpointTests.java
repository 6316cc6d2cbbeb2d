package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.management.MBeanException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
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
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The endpoint over HTTP: what is allowed, what is answered, and how many requests to the
 * API server it causes.
 */
class CertificatesEndpointTests {

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	private static final String PATH = "/actuator/certificates/kubelet-client";

	/** Longer than a test takes on a busy machine. */
	private static final String INTERVAL = "--kubelet.cert.rotation.forced-interval=10m";

	@TempDir
	Path directory;

	@Test
	void rotationThatHasBegunIsAcceptedWithWhatIsPendingAndIsJoined() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext context = run(plane,
						"--management.endpoint.certificates.access=unrestricted")) {
			plane.behavior().approval(ApprovalPolicy.manual());
			HttpResponse<String> begun = send(context, "POST", PATH);
			assertThat(begun.statusCode()).isEqualTo(202);
			assertThat(json(begun).at("/state").asString()).isEqualTo("ROTATING");
			Awaitility.await().until(() -> json(send(context, "GET", PATH)).at("/pendingRequest/createdAt").isString());
			HttpResponse<String> joined = send(context, "POST", PATH);
			assertThat(joined.statusCode()).isEqualTo(202);
			String request = json(joined).at("/pendingRequest/name").asString();
			assertThat(request).startsWith("kubelet-client-");
			assertThat(json(joined).at("/pendingRequest/conditions").isEmpty()).isTrue();
			plane.behavior().signingDelay(Duration.ofHours(1));
			plane.approve(request);
			Awaitility.await()
				.until(() -> json(send(context, "GET", PATH)).at("/pendingRequest/conditions/0").asString(""),
						"Approved"::equals);
			plane.behavior().signingDelay(Duration.ZERO);
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().until(() -> manager.status().rotations().count() == 2);
			assertThat(plane.count(RecordedRequest::isCreate)).isEqualTo(2);
		}
	}

	@Test
	void hundredRequestsInARowMakeOneRotationAndAreToldWhenToRetryAndAnUnknownNameIsNotFound() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext context = run(plane, INTERVAL,
						"--management.endpoint.certificates.access=unrestricted")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Instant begin = Instant.now();
			assertThat(send(context, "POST", PATH).statusCode()).isEqualTo(202);
			Awaitility.await().until(() -> manager.status().rotations().count() == 2);
			HttpResponse<String> tooEarly = send(context, "POST", PATH);
			assertThat(tooEarly.statusCode()).isEqualTo(429);
			assertThat(json(tooEarly).at("/message").asString())
				.startsWith("Certificate 'kubelet-client' is not rotated: a rotation was requested less than 10m ago");
			Instant retryAt = Instant.parse(json(tooEarly).at("/retryAt").asString());
			assertThat(retryAt).isBetween(begin.plusSeconds(600), Instant.now().plusSeconds(600));
			for (int request = 0; request < 100; request++) {
				assertThat(send(context, "POST", PATH).statusCode()).isEqualTo(429);
			}
			for (String method : new String[] { "GET", "POST" }) {
				HttpResponse<String> answer = send(context, method, "/actuator/certificates/shop");
				assertThat(answer.statusCode()).isEqualTo(404);
				assertThat(json(answer).at("/message").asString()).isEqualTo("There is no certificate 'shop'");
				assertThat(json(answer).at("/certificates/0").asString()).isEqualTo("kubelet-client");
			}
			assertThat(plane.count(RecordedRequest::isCreate)).isEqualTo(2);
		}
	}

	@Test
	void rotationOnRequestIsNotAllowedByDefaultAndHealthOfTheServerIsLeftOutUntilItWasContacted() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start()) {
			run(plane).close();
			try (ConfigurableApplicationContext context = run(plane)) {
				assertThat(send(context, "POST", PATH).statusCode()).isEqualTo(405);
				assertThat(send(context, "GET", PATH).statusCode()).isEqualTo(200);
				assertThat(send(context, "GET", PATH).body()).doesNotContain("serverHealthy");
				assertThat(plane.count(RecordedRequest::isCreate)).isOne();
			}
		}
	}

	@Test
	void historyHasTheRotationsAndFailuresWithReasonAndDurationTheLatestFirst() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext context = run(plane, "--kubelet.cert.rotation.forced-interval=0s")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			plane.behavior().approval(ApprovalPolicy.denying("NotToday", "the approver is on holiday"));
			assertThat(manager.rotate()).failsWithin(Duration.ofMinutes(2));
			plane.behavior().approval(ApprovalPolicy.approving());
			String serialNumber = manager.rotate().get(120, TimeUnit.SECONDS).serialNumber();
			JsonNode history = json(send(context, "GET", PATH)).at("/history");
			assertThat(history.size()).isEqualTo(3);
			assertThat(history.at("/0/outcome").asString()).isEqualTo("ROTATED");
			assertThat(history.at("/0/trigger").asString()).isEqualTo("REQUESTED");
			assertThat(history.at("/0/serialNumber").asString()).isEqualTo(serialNumber);
			assertThat(history.at("/0/requestName").asString()).startsWith("kubelet-client-");
			assertThat(Duration.parse(history.at("/0/duration").asString())).isBetween(Duration.ofMillis(1),
					Duration.ofSeconds(30));
			assertThat(history.at("/1/outcome").asString()).isEqualTo("FAILED");
			assertThat(history.at("/1/reason").asString()).isEqualTo("NotToday");
			assertThat(history.at("/1/message").asString()).endsWith("the approver is on holiday");
			assertThat(Duration.parse(history.at("/1/duration").asString())).isPositive();
			assertThat(history.at("/2/outcome").asString()).isEqualTo("ROTATED");
			assertThat(history.at("/2/trigger").asString()).isEqualTo("FIRST");
		}
	}

	@Test
	void endpointReportsAndRotatesOverJmx() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext context = run(plane, INTERVAL, "--spring.jmx.enabled=true",
						"--management.endpoints.jmx.exposure.include=certificates",
						"--management.endpoint.certificates.access=unrestricted")) {
			MBeanServer server = context.getBean(MBeanServer.class);
			ObjectName endpoint = new ObjectName("org.springframework.boot:type=Endpoint,name=Certificates");
			assertThat(server.invoke(endpoint, "certificates", new Object[0], new String[0])).asString()
				.contains("kubelet-client", "VALID", "nextRotationDeadline", "history");
			Object[] name = { "kubelet-client" };
			String[] signature = { String.class.getName() };
			assertThat(server.invoke(endpoint, "certificate", name, signature)).asString()
				.contains("SHA256:")
				.doesNotContain("PRIVATE KEY");
			assertThat(server.invoke(endpoint, "rotate", name, signature)).asString().contains("state=ROTATING");
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().until(() -> manager.status().rotations().count() == 2);
			assertThatExceptionOfType(MBeanException.class)
				.isThrownBy(() -> server.invoke(endpoint, "rotate", name, signature))
				.withStackTraceContaining("a rotation was requested less than 10m ago");
		}
	}

	private ConfigurableApplicationContext run(EmbeddedControlPlane plane, String... more) {
		String[] arguments = { "--server.port=0", "--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:test",
				"--kubelet.cert.template.organizations=system:nodes",
				"--management.endpoints.web.exposure.include=certificates" };
		return new SpringApplicationBuilder(Application.class)
			.run(Stream.concat(Stream.of(arguments), Stream.of(more)).toArray(String[]::new));
	}

	private static HttpResponse<String> send(ConfigurableApplicationContext context, String method, String path)
			throws Exception {
		String port = context.getEnvironment().getRequiredProperty("local.server.port");
		return CLIENT.send(HttpRequest.newBuilder(URI.create("http://localhost:" + port + path))
			.method(method, BodyPublishers.noBody())
			.build(), BodyHandlers.ofString());
	}

	private static JsonNode json(HttpResponse<String> response) {
		return JsonMapper.shared().readTree(response.body());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
