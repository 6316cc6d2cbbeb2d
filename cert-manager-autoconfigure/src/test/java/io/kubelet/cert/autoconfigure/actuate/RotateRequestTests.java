package io.kubelet.cert.autoconfigure.actuate;

import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The request for a rotation, in each of the frameworks that serve endpoints.
 *
 * @see CertificatesEndpointWebExtension
 */
class RotateRequestTests {

	private static final String JSON = "application/json";

	@ParameterizedTest
	@CsvSource({ "servlet, false", "servlet, true", "reactive, false" })
	void bodyIsReadAndRequired(String type, boolean jersey) throws Exception {
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(
				jersey ? CertificatesPageTests.JerseyApplication.class : CertificatesPageTests.Application.class)
			.run("--server.port=0", "--spring.main.web-application-type=" + type,
					"--management.endpoints.web.exposure.include=certificates",
					"--management.endpoint.certificates.access=unrestricted",
					"--management.otlp.metrics.export.enabled=false")) {
			URI uri = URI.create("http://localhost:%s/actuator/certificates/shop"
				.formatted(context.getEnvironment().getRequiredProperty("local.server.port")));
			HttpResponse<String> rotation = post(uri, JSON, "{\"state\": \"rotating\"}");
			assertThat(rotation.statusCode()).as(rotation.body()).isEqualTo(404);
			assertThat(rotation.body()).contains("There is no certificate 'shop'");
			for (String other : new String[] { "{\"state\": \"VALID\"}", "{}" }) {
				HttpResponse<String> refused = post(uri, JSON, other);
				assertThat(refused.statusCode()).as(other).isEqualTo(400);
				assertThat(refused.body()).contains("send the JSON");
			}
			assertThat(post(uri, "text/plain", "{\"state\": \"rotating\"}").statusCode()).isEqualTo(415);
		}
	}

	private static HttpResponse<String> post(URI uri, String type, String body) throws Exception {
		return HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri).header("Content-Type", type).POST(BodyPublishers.ofString(body)).build(),
					BodyHandlers.ofString());
	}

}
