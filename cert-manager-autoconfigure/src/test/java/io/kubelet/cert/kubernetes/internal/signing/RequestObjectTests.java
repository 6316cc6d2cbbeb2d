package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Objects;

import com.google.gson.JsonParseException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link RequestObject} and {@link CertificateSigningRequests} with objects of
 * a Kubernetes 1.34 API server, which a later release may extend.
 *
 * @see RequestObject
 */
class RequestObjectTests {

	private static final CertificateSigningRequests API = new CertificateSigningRequests();

	@Test
	void createdObjectIsRead() throws IOException {
		RequestObject created = recorded("created");
		assertThat(created.name()).isEqualTo("csr-rgn7z");
		assertThat(created.uid()).isEqualTo("a4349cd9-3872-4253-a8d5-1e6b48fd7fcd");
		assertThat(created.createdAt()).isEqualTo(Instant.parse("2026-11-24T23:18:47Z"));
		assertThat(API.signer(created)).hasToString("kubernetes.io/kube-apiserver-client-kubelet");
		assertThat(created.pkcs10()).startsWith("-----BEGIN CERTIFICATE REQUEST-----\n");
		assertThat(created.requester()).isNull();
		assertThat(created.conditionTypes()).isEmpty();
		assertThat(API.issuedChain(created)).isEmpty();
		assertThat(created.hasExpired(Instant.MAX)).isFalse();
	}

	@Test
	void issuedCertificateIsRead() throws IOException {
		RequestObject issued = recorded("issued");
		assertThat(issued.conditionTypes()).containsExactly("Approved");
		assertThat(API.issuedChain(issued)).hasValueSatisfying((chain) -> {
			assertThat(chain).hasSize(1);
			Instant end = chain.get(0).getNotAfter().toInstant();
			assertThat(issued.hasExpired(end)).isFalse();
			assertThat(issued.hasExpired(end.plusSeconds(1))).isTrue();
		});
		assertThat(recorded("created").isOlderThan(issued)).isTrue();
		assertThat(issued.isOlderThan(issued)).isFalse();
	}

	@ParameterizedTest
	@CsvSource({ "denied, DENIED, was denied: not this one", "failed, FAILED, usages did not match" })
	void refusalIsRead(String name, Kind kind, String message) throws IOException {
		RequestObject refused = recorded(name);
		assertThatExceptionOfType(RequestException.class).isThrownBy(() -> API.issuedChain(refused))
			.returns(kind, Kind::of)
			.withMessageContaining(message);
	}

	/** Whoever answers in place of an API server may send anything. */
	@ParameterizedTest
	@ValueSource(strings = { "{}", "{'metadata': []}", "{'metadata': {'name': {}}}",
			"{'metadata': {'name': 'a'}, 'status': {'conditions': [1]}}" })
	void whatIsNoObjectOfTheApiIsReportedAsSuch(String json) {
		assertThatExceptionOfType(JsonParseException.class)
			.isThrownBy(() -> API.issuedChain(new RequestObject(ApiObjects.object(json))));
	}

	@ParameterizedTest
	@ValueSource(strings = { "{}", "{'items': {}}", "{'items': [1]}" })
	void whatIsNoListOfTheApiIsReportedAsSuch(String json) {
		assertThatExceptionOfType(JsonParseException.class)
			.isThrownBy(() -> RequestObject.all(ApiObjects.object(json)));
	}

	private static RequestObject recorded(String name) throws IOException {
		try (InputStream json = RequestObjectTests.class.getResourceAsStream(name + ".json")) {
			String recorded = new String(Objects.requireNonNull(json).readAllBytes(), StandardCharsets.UTF_8);
			return new RequestObject(ApiObjects
				.object(recorded.replaceAll("\"(metadata|spec)\": *\\{", "$0 \"later\": {\"release\": [1]},")));
		}
	}

}
