package io.kubelet.cert.sample;

import java.net.http.HttpClient;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.spring.EnableEmbeddedControlPlane;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.test.context.ActiveProfiles;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The application as a node, as the control plane sees it.
 *
 * @see WhoAmIController
 * @see "sample-app/src/main/resources/application-node.yml"
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT)
@ActiveProfiles("node")
@EnableEmbeddedControlPlane
class NodeTests {

	@LocalServerPort
	int port;

	@Autowired
	SslBundles bundles;

	@Autowired
	CertificateManagers managers;

	@Autowired
	EmbeddedControlPlane controlPlane;

	@Test
	void endpointNamesBothCertificates() {
		assertThat(json(get("/actuator/certificates")).get("certificates").propertyNames())
			.containsExactlyInAnyOrder("kubelet-client", "kubelet-server");
	}

	@Test
	void controlPlaneSeesTheNewCertificateAfterARotation() throws Exception {
		assertThat(json(get("/who-am-i")).get("username").asString()).isEqualTo("system:node:sample");
		String before = lastClientSerialNumber();
		String rotated = this.managers.get("kubelet-client").rotate().get(120, TimeUnit.SECONDS).serialNumber();
		assertThat(json(get("/who-am-i")).get("username").asString()).isEqualTo("system:node:sample");
		assertThat(lastClientSerialNumber()).isEqualTo(rotated).isNotEqualTo(before);
	}

	/** Anybody may ask. */
	@Test
	void requestsOfOneSecondCostOneRequestToTheApiServer() {
		get("/who-am-i");
		long before = reviews().size();
		Instant start = Instant.now();
		for (int i = 0; i < 20; i++) {
			get("/who-am-i");
		}
		assertThat(reviews().size() - before)
			.isLessThanOrEqualTo(1 + Duration.between(start, Instant.now()).toSeconds());
	}

	private List<RecordedRequest> reviews() {
		return this.controlPlane.requests()
			.stream()
			.filter((request) -> request.path().endsWith("/selfsubjectreviews"))
			.toList();
	}

	private String lastClientSerialNumber() {
		List<RecordedRequest> reviews = reviews();
		return String.valueOf(reviews.get(reviews.size() - 1).certificateSerial());
	}

	private String get(String path) {
		return Objects.requireNonNull(client().get().uri(path).retrieve().body(String.class));
	}

	/** Trusts the control plane's authority, which signed the serving certificate. */
	private RestClient client() {
		return RestClient.builder()
			.baseUrl("https://localhost:" + this.port)
			.requestFactory(new JdkClientHttpRequestFactory(HttpClient.newBuilder()
				.sslContext(this.bundles.getBundle("kubelet-client").createSslContext())
				.build()))
			.build();
	}

	private static JsonNode json(@Nullable String text) {
		return JsonMapper.shared().readTree(text);
	}

}
