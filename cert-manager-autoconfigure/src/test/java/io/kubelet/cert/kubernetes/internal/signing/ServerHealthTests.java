package io.kubelet.cert.kubernetes.internal.signing;

import java.io.IOException;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubernetes.client.openapi.ApiException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * What an answer to a creation says about the health of the server.
 *
 * @see CsrExchange
 */
class ServerHealthTests {

	private static final String NOT_THE_API_SERVER = "<html>Sign in</html>";

	private final ManagerFixture fixture = new ManagerFixture();

	private final ApiFailures failures = new ApiFailures("https://api.example.com");

	@Test
	void serverIsNotHealthyUntilItHasAnsweredAndHealthyOnceItHasIssued() {
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start();
		assertThat(manager.status().health().serverHealthy()).isNull();
		manager.rotate();
		this.fixture.time.settle();
		assertThat(manager.status().health().serverHealthy()).isTrue();
		assertThat(manager.current()).isPresent().get().isNotEqualTo(stored);
	}

	@ParameterizedTest(name = "{0}")
	@MethodSource("failures")
	void failedCreationTellsWhetherTheServerIsHealthy(String name, ApiException failure, boolean healthy) {
		this.fixture.random = 0.5;
		CertificatePair stored = this.fixture.storePair();
		CertificateManager manager = this.fixture.start();
		manager.rotate();
		this.fixture.time.settle();
		CertificatePair before = manager.current().orElseThrow();
		this.fixture.signer.failsWith((request) -> this.failures.translate(failure, request));
		this.fixture.signer.silent();
		manager.rotate();
		this.fixture.time.settle();
		assertThat(manager.status().health().serverHealthy()).isEqualTo(healthy);
		assertThat(manager.current()).contains(before);
		assertThat(before).isNotEqualTo(stored);
		assertThat(this.fixture.failures).hasSize(1);
	}

	static Stream<Arguments> failures() {
		return Stream.of(arguments("generic error on create", new ApiException(new IOException("create error")), false),
				arguments("unauthorized on create", answer(401, status("Unauthorized")), true),
				arguments("generic unauthorized on create", answer(401, NOT_THE_API_SERVER), true),
				arguments("generic not found on create", answer(404, NOT_THE_API_SERVER), false),
				arguments("not found on create", answer(404, status("NotFound")), true),
				arguments("forbidden on create", answer(403, status("Forbidden")), true),
				arguments("generic forbidden on create", answer(403, NOT_THE_API_SERVER), false),
				arguments("invalid on create", answer(422, status("Invalid")), false),
				arguments("internal error on create", answer(500, status("InternalError")), false));
	}

	private static ApiException answer(int code, String body) {
		return new ApiException(code, "create failed", Map.of(), body);
	}

	private static String status(String reason) {
		return """
				{"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": "%s", "reason": "%s"}"""
			.formatted(reason, reason);
	}

}
