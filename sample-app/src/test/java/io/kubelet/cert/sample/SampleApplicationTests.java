package io.kubelet.cert.sample;

import java.net.http.HttpClient;
import java.security.GeneralSecurityException;
import java.util.Objects;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.test.spring.EnableEmbeddedControlPlane;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import tools.jackson.databind.JsonNode;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.beans.factory.annotation.Autowired;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.SpringBootTest;
import org.springframework.boot.test.context.SpringBootTest.WebEnvironment;
import org.springframework.boot.test.web.server.LocalServerPort;
import org.springframework.http.MediaType;
import org.springframework.http.client.JdkClientHttpRequestFactory;
import org.springframework.util.ClassUtils;
import org.springframework.web.client.ResourceAccessException;
import org.springframework.web.client.RestClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The shop as a browser and another service see it.
 *
 * @see SampleApplication
 * @see Shop
 * @see AfterRotation
 */
@SpringBootTest(webEnvironment = WebEnvironment.RANDOM_PORT,
		properties = { "management.endpoint.certificates.access=unrestricted",
				"kubelet.cert.additional.another.template.uris=spiffe://example.org/ns/another/sa/another" })
@EnableEmbeddedControlPlane(signers = "ClusterIssuer/internal")
class SampleApplicationTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	@LocalServerPort
	int port;

	@Autowired
	SslBundles bundles;

	/** The libraries of the Kubernetes client that nothing here loads. */
	@ParameterizedTest
	@ValueSource(strings = { "io.kubernetes.client.util.Watch", "com.google.protobuf.Message",
			"com.fasterxml.jackson.databind.ObjectMapper", "org.apache.commons.compress.utils.IOUtils",
			"org.apache.commons.collections4.MapUtils", "org.apache.commons.io.IOUtils",
			"org.apache.commons.codec.binary.Base64", "org.jose4j.jwt.JwtClaims" })
	void runsWithoutTheLibraryOf(String type) {
		assertThat(ClassUtils.isPresent(type, null)).isFalse();
	}

	@Test
	void shopCallsItselfByItsUriAndSeesItselfOnBothSides() {
		assertThat(get("/")).isEqualTo("The orders of " + SHOP + "\n");
		JsonNode peers = json(get("/actuator/certificates/shop/peers")).get("peers");
		assertThat(peers).extracting((peer) -> peer.get("role").asString() + " " + peer.get("identity").asString())
			.contains("CLIENT " + SHOP, "SERVER " + SHOP);
	}

	/** As a browser, and as another service of the same issuer. */
	@Test
	void callerWithoutACertificateIsNobodyAndOneWithAnotherUriIsRefused() throws GeneralSecurityException {
		SSLContext withoutACertificate = SSLContext.getInstance("TLS");
		withoutACertificate.init(null, this.bundles.getBundle("shop").getManagers().getTrustManagers(), null);
		RestClient browser = client(withoutACertificate);
		assertThat(browser.get().uri("/orders").retrieve().body(String.class)).isEqualTo("The orders of nobody\n");
		RestClient another = client(this.bundles.getBundle("another").createSslContext());
		assertThatExceptionOfType(ResourceAccessException.class)
			.isThrownBy(() -> another.get().uri("/orders").retrieve().body(String.class))
			.withStackTraceContaining("certificate_unknown");
	}

	@Test
	void rotatesOnDemand() {
		String report = shop().post()
			.uri("/actuator/certificates/shop")
			.contentType(MediaType.APPLICATION_JSON)
			.body("{\"state\": \"rotating\"}")
			.retrieve()
			.body(String.class);
		assertThat(json(report).get("state").asString()).isEqualTo("ROTATING");
	}

	private String get(String path) {
		return Objects.requireNonNull(shop().get().uri(path).retrieve().body(String.class));
	}

	private RestClient shop() {
		return client(this.bundles.getBundle("shop").createSslContext());
	}

	private RestClient client(SSLContext context) {
		return RestClient.builder()
			.baseUrl("https://localhost:" + this.port)
			.requestFactory(new JdkClientHttpRequestFactory(HttpClient.newBuilder().sslContext(context).build()))
			.build();
	}

	private static JsonNode json(@Nullable String text) {
		return JsonMapper.shared().readTree(text);
	}

}
