package io.kubelet.cert.request;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * What an exception tells of a request that brought no certificate.
 */
class RequestExceptionTests {

	@ParameterizedTest(name = "{0}")
	@MethodSource("exceptions")
	void requestReasonMessageAndWhatACallerCanDoAreTold(RequestException exception, String reason, Recovery recovery,
			String message) {
		assertThat(exception.requestName()).isEqualTo("csr-1");
		assertThat(exception.reason()).isEqualTo(reason);
		assertThat(exception.kind().recovery()).isEqualTo(recovery);
		assertThat(exception).hasMessage(message);
	}

	static Stream<Arguments> exceptions() {
		return Stream.of(
				arguments(RequestException.denied("csr-1", "example.com/signer", "NotYours", "ask us"), "NotYours",
						Recovery.RETRY_SLOWLY, "Request csr-1 to signer example.com/signer was denied: ask us"),
				arguments(
						RequestException.failed("csr-1", "example.com/signer", "SignerValidationFailure",
								"organization is wrong"),
						"SignerValidationFailure", Recovery.RETRY_SLOWLY,
						"Signer example.com/signer failed to sign request csr-1: organization is wrong"),
				arguments(RequestException.failed("csr-1", "Issuer/internal", "Failed", "no"), "Failed",
						Recovery.RETRY_SLOWLY, "Issuer Issuer/internal failed to sign request csr-1: no"),
				arguments(RequestException.refused("csr-1", "example.com/s", List.of("wrong key", "it has expired")),
						"Refused", Recovery.RETRY_SLOWLY,
						"Request csr-1 to signer example.com/s was answered with a certificate that is refused: wrong key; it has expired"),
				arguments(RequestException.lost("csr-1", "Gone", "Request csr-1 was deleted"), "Gone",
						Recovery.START_OVER, "Request csr-1 was deleted"),
				arguments(RequestException.timedOut("csr-1", "example.com/s", Duration.ofMinutes(15)), "TimedOut",
						Recovery.RETRY_SOON,
						"Request csr-1 to signer example.com/s was not approved, denied or signed within 15m; the next attempt waits for the same request"),
				arguments(RequestException.rejected("csr-1", 422, "Invalid", "spec is wrong"), "Invalid",
						Recovery.RETRY_SLOWLY, "spec is wrong"),
				arguments(RequestException.unavailable("csr-1", "Unreachable", "no route", null, null), "Unreachable",
						Recovery.RETRY_SOON, "no route"));
	}

	@ParameterizedTest
	@CsvSource({ "400, false", "401, true", "403, true", "404, false", "422, false" })
	void rejectionIsAboutTheCredentialsOrTheRequest(int statusCode, boolean credentials) {
		RequestException rejected = RequestException.rejected(null, statusCode, "No", "no");
		assertThat(rejected.kind()).isEqualTo(credentials ? Kind.UNAUTHORIZED : Kind.REJECTED);
		assertThat(rejected.kind().recovery()).isEqualTo(credentials ? Recovery.FIX_CAUSE : Recovery.RETRY_SLOWLY);
		assertThat(rejected.statusCode()).isEqualTo(statusCode);
		assertThat(rejected.requestName()).isNull();
	}

}
