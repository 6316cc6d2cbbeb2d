package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.management.MBeanException;
import javax.management.MBeanServer;
import javax.management.ObjectName;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Endpoint, health, probes and metrics over HTTP: what is allowed, what is answered, and
 * how many requests to the API server it causes.
 *
 * @see CertificateActuatorAutoConfiguration
 * @see CertificatesEndpointWebExtension
 * @see CertificatesEndpointJmxExtension
 */
class CertificateActuatorTests {

	private static final HttpClient CLIENT = HttpClient.newHttpClient();

	private static final String PATH = "/actuator/certificates/kubelet-client";

	private static final String SIGNER = "example.com/client";

	@AutoClose
	private static final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	@BeforeEach
	void reset() {
		plane.behavior().reset().approval(ApprovalPolicy.approving()).sign(SIGNER);
		plane.clearRequests();
	}

	@Test
	void rotationOnRequestIsAcceptedJoinedAndThenTooEarlyOverHttpAndJmx() throws Exception {
		// Longer than a test takes on a busy machine
		try (ConfigurableApplicationContext context = run("--kubelet.cert.rotation.forced-interval=10m",
				"--management.endpoint.certificates.access=unrestricted", "--spring.jmx.enabled=true",
				"--management.endpoints.jmx.exposure.include=certificates")) {
			Instant begin = Instant.now();
			plane.behavior().approval(ApprovalPolicy.manual());
			HttpResponse<String> begun = send(context, "POST", PATH);
			assertThat(begun.statusCode()).isEqualTo(202);
			assertThat(json(begun).at("/state").asString()).isEqualTo("ROTATING");
			Awaitility.await().until(() -> json(send(context, "GET", PATH)).at("/pendingRequest/createdAt").isString());
			HttpResponse<String> joined = send(context, "POST", PATH);
			assertThat(joined.statusCode()).isEqualTo(202);
			assertThat(send(context, "POST", "/actuator/certificates/shop").statusCode()).isEqualTo(404);
			assertThat(json(joined).at("/pendingRequest/conditions").isEmpty()).isTrue();
			assertThat(overJmx(context, "rotate", "kubelet-client")).contains("state=ROTATING");
			plane.behavior().signingDelay(Duration.ofHours(1));
			plane.approve(json(joined).at("/pendingRequest/name").asString());
			Awaitility.await()
				.until(() -> json(send(context, "GET", PATH)).at("/pendingRequest/conditions/0").asString(""),
						"Approved"::equals);
			plane.behavior().signingDelay(Duration.ZERO);
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().until(() -> manager.status().rotations().count() == 2);
			assertTooEarly(context, begin);
			assertThat(overJmx(context, "certificates")).contains("kubelet-client", "VALID", "nextRotationDeadline",
					"history");
			assertThat(overJmx(context, "certificate", "kubelet-client")).contains("SHA256:")
				.doesNotContain("PRIVATE KEY");
			assertThat(overJmx(context, "peers", "kubelet-client")).isEqualTo("{peers=[]}");
			assertThat(plane.count(RecordedRequest::isCreate)).isEqualTo(2);
		}
	}

	/** A browser asks the server before it sends JSON to another origin. */
	@ParameterizedTest
	@ValueSource(strings = { "servlet", "reactive" })
	void pageOfAnotherOriginCannotRotateACertificate(String type) throws Exception {
		try (ConfigurableApplicationContext context = run("--spring.main.web-application-type=" + type,
				"--kubelet.cert.rotation.forced-interval=0s",
				"--management.endpoint.certificates.access=unrestricted")) {
			String body = "{\"state\": \"rotating\"}";
			assertThat(sendFromAnotherOrigin(context, "", null)).isEqualTo(415);
			assertThat(sendFromAnotherOrigin(context, body, null)).isEqualTo(415);
			assertThat(sendFromAnotherOrigin(context, body, "text/plain")).isEqualTo(415);
			assertThat(sendFromAnotherOrigin(context, body, "application/x-www-form-urlencoded")).isEqualTo(415);
			assertThat(sendFromAnotherOrigin(context, "", "application/json")).isEqualTo(400);
			assertThat(sendFromAnotherOrigin(context, "{\"state\": \"valid\"}", "application/json")).isEqualTo(400);
			assertThat(plane.count(RecordedRequest::isCreate)).isEqualTo(1);
			HttpResponse<String> preflight = CLIENT
				.send(toAnotherOrigin(context).header("Access-Control-Request-Method", "POST")
					.header("Access-Control-Request-Headers", "content-type")
					.method("OPTIONS", BodyPublishers.noBody())
					.build(), BodyHandlers.ofString());
			assertThat(preflight.headers().map()).doesNotContainKey("access-control-allow-origin");
			assertThat(send(context, "POST", PATH).statusCode()).isEqualTo(202);
		}
	}

	/**
	 * On a connection of its own: a server that does not read the body may end the
	 * connection.
	 */
	private static int sendFromAnotherOrigin(ConfigurableApplicationContext context, String body, @Nullable String type)
			throws Exception {
		HttpRequest.Builder request = toAnotherOrigin(context)
			.POST(body.isEmpty() ? BodyPublishers.noBody() : BodyPublishers.ofString(body));
		if (type != null) {
			request.header("Content-Type", type);
		}
		return HttpClient.newHttpClient().send(request.build(), BodyHandlers.ofString()).statusCode();
	}

	private static HttpRequest.Builder toAnotherOrigin(ConfigurableApplicationContext context) {
		return HttpRequest
			.newBuilder(URI
				.create("http://localhost:" + context.getEnvironment().getRequiredProperty("local.server.port") + PATH))
			.header("Origin", "https://attacker.example.com");
	}

	private static void assertTooEarly(ConfigurableApplicationContext context, Instant begin) throws Exception {
		for (int request = 0; request < 100; request++) {
			HttpResponse<String> tooEarly = send(context, "POST", PATH);
			assertThat(tooEarly.statusCode()).isEqualTo(429);
			assertThat(json(tooEarly).at("/message").asString())
				.startsWith("Certificate 'kubelet-client' is not rotated: a rotation was requested less than 10m ago");
			assertThat(Instant.parse(json(tooEarly).at("/retryAt").asString())).isBetween(begin.plusSeconds(600),
					Instant.now().plusSeconds(600));
		}
		assertThatExceptionOfType(MBeanException.class).isThrownBy(() -> overJmx(context, "rotate", "kubelet-client"))
			.withStackTraceContaining("a rotation was requested less than 10m ago");
	}

	@Test
	void endpointOnlyReportsByDefaultWithRotationsAndFailuresTheLatestFirst() throws Exception {
		TestStore.files(this.directory.resolve("pki"), "kubelet-client", null, 5, Clock.systemUTC())
			.update(new TestAuthority("another").pair(CertificateTemplate.ofSubject("system:node:test", "system:nodes"),
					Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600)));
		try (ConfigurableApplicationContext context = run("--kubelet.cert.rotation.forced-interval=0s",
				"--kubelet.cert.signer-name=" + SIGNER)) {
			assertThat(send(context, "POST", PATH).statusCode()).isEqualTo(405);
			HttpResponse<String> unknown = send(context, "GET", "/actuator/certificates/shop");
			assertThat(unknown.statusCode()).isEqualTo(404);
			assertThat(json(unknown).at("/message").asString()).isEqualTo("There is no certificate 'shop'");
			assertThat(json(unknown).at("/certificates/0").asString()).isEqualTo("kubelet-client");
			assertThat(send(context, "GET", PATH).body()).contains("VALID").doesNotContain("serverHealthy");
			assertThat(send(context, "GET", PATH + "/peers").body()).isEqualTo("{\"peers\":[]}");
			assertThat(send(context, "GET", PATH + "/others").statusCode()).isEqualTo(404);
			HttpResponse<String> ofUnknown = send(context, "GET", "/actuator/certificates/shop/peers");
			assertThat(ofUnknown.statusCode()).isEqualTo(404);
			assertThat(json(ofUnknown).at("/certificates/0").asString()).isEqualTo("kubelet-client");
			CertificateManager manager = context.getBean(CertificateManager.class);
			plane.behavior().approval(ApprovalPolicy.denying("NotToday", "the approver is on holiday"));
			assertThat(manager.rotate()).failsWithin(Duration.ofMinutes(2));
			plane.behavior().approval(ApprovalPolicy.approving());
			String serialNumber = manager.rotate().get(120, TimeUnit.SECONDS).serialNumber();
			JsonNode history = json(send(context, "GET", PATH)).at("/history");
			assertThat(history).hasSize(2);
			assertThat(history).extracting((outcome) -> outcome.path("outcome").asString())
				.containsExactly("ROTATED", "FAILED");
			assertThat(history).extracting((outcome) -> Duration.parse(outcome.path("duration").asString()))
				.allMatch((duration) -> duration.compareTo(Duration.ZERO) > 0);
			assertThat(history.get(0).toString()).contains("\"REQUESTED\"", serialNumber, "\"kubelet-client-");
			assertThat(history.get(1).toString()).contains("\"NotToday\"", "the approver is on holiday");
		}
	}

	@Test
	void overdueCertificateIsUpWithAWarningAndAnExpiredOneIsDownAndFailsNoProbe() throws Exception {
		try (ConfigurableApplicationContext context = run()) {
			assertStatus(context, "/actuator/health", 200);
			assertThat(send(context, "GET", "/actuator/metrics").body()).contains("\"kubelet.cert.expiry\"")
				.doesNotContain("kubelet.certificate.manager");
			assertThat(json(send(context, "GET", "/actuator/metrics/kubelet.cert.lifetime")).at("/baseUnit").asString())
				.isEqualTo("seconds");
			pass(context, 0.95);
			JsonNode certificate = assertStatus(context, "/actuator/health", 200)
				.at("/components/certificates/components/kubelet-client");
			assertThat(certificate.at("/status").asString()).isEqualTo("UP");
			assertThat(certificate.at("/details/state").asString()).isEqualTo("OVERDUE");
			assertThat(certificate.at("/details/warning").asString()).contains("overdue since");
			pass(context, 1.1);
			assertThat(assertStatus(context, "/actuator/health", 503).toString()).contains("\"EXPIRED\"");
			assertStatus(context, "/actuator/health/liveness", 200);
			assertStatus(context, "/actuator/health/readiness", 200);
		}
	}

	@Test
	void overdueCertificateIsOutOfServiceAndAnExpiredOneFailsReadinessByChoice() throws Exception {
		try (ConfigurableApplicationContext context = run(
				"--management.health.certificates.overdue-status=out-of-service",
				"--management.endpoint.health.group.readiness.include=readinessState,certificates",
				"--kubelet.cert.profile=kubelet-client", "--kubelet.cert.node-name=test")) {
			assertThat(send(context, "GET", "/actuator/metrics").body()).contains("\"kubelet.cert.expiry\"")
				.contains("kubelet.certificate.manager.client.ttl.seconds");
			assertStatus(context, "/actuator/health/readiness", 200);
			pass(context, 0.95);
			assertThat(assertStatus(context, "/actuator/health", 503).at("/components/certificates/status").asString())
				.isEqualTo("OUT_OF_SERVICE");
			pass(context, 1.1);
			assertThat(assertStatus(context, "/actuator/health/readiness", 503).at("/status").asString())
				.isEqualTo("DOWN");
			assertStatus(context, "/actuator/health/liveness", 200);
		}
	}

	/** Sets the clock to a fraction of the lifetime; nobody approves from now on. */
	private static void pass(ConfigurableApplicationContext context, double fraction) {
		plane.behavior().approval(ApprovalPolicy.manual());
		CertificatePair pair = context.getBean(CertificateManager.class).current().orElseThrow();
		OffsetClock clock = context.getBean(OffsetClock.class);
		long passed = (long) (pair.lifetime().toMillis() * fraction);
		clock.set(Duration.between(clock.instant(), pair.notBefore().plusMillis(passed)));
	}

	private ConfigurableApplicationContext run(String... more) {
		Stream<String> arguments = Stream.of("--server.port=0",
				"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(this.directory),
				"--kubelet.cert.template.common-name=system:node:test",
				"--kubelet.cert.template.organizations=system:nodes",
				"--management.endpoints.web.exposure.include=certificates,health,metrics",
				"--management.otlp.metrics.export.enabled=false", "--management.endpoint.health.show-details=always",
				"--management.endpoint.health.probes.enabled=true");
		return new SpringApplicationBuilder(Application.class)
			.run(Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
	}

	private static JsonNode assertStatus(ConfigurableApplicationContext context, String path, int status)
			throws Exception {
		HttpResponse<String> response = send(context, "GET", path);
		assertThat(response.statusCode()).as(response.body()).isEqualTo(status);
		return json(response);
	}

	private static HttpResponse<String> send(ConfigurableApplicationContext context, String method, String path)
			throws Exception {
		String port = context.getEnvironment().getRequiredProperty("local.server.port");
		HttpRequest.Builder request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + path));
		if (method.equals("POST")) {
			request.header("Content-Type", "application/json")
				.POST(BodyPublishers.ofString("{\"state\": \"rotating\"}"));
		}
		return CLIENT.send(request.build(), BodyHandlers.ofString());
	}

	private static JsonNode json(HttpResponse<String> response) {
		return JsonMapper.shared().readTree(response.body());
	}

	private static String overJmx(ConfigurableApplicationContext context, String operation, Object... name)
			throws Exception {
		String[] signature = (name.length == 0) ? new String[0] : new String[] { String.class.getName() };
		return String.valueOf(context.getBean(MBeanServer.class)
			.invoke(new ObjectName("org.springframework.boot:type=Endpoint,name=Certificates"), operation, name,
					signature));
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
