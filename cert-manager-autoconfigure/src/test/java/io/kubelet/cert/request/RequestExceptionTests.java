package io.kubelet.cert.request;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.request.RequestException.Recovery;
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
	void requestReasonAndMessageAreTold(RequestException exception, String reason, String message) {
		assertThat(exception.requestName()).isEqualTo("csr-1");
		assertThat(exception.reason()).isEqualTo(reason);
		assertThat(exception).hasMessage(message);
	}

	static Stream<Arguments> exceptions() {
		return Stream.of(
				arguments(new RequestDeniedException("csr-1", "example.com/signer", "NotYours", "ask us"), "NotYours",
						"Request csr-1 to signer example.com/signer was denied: ask us"),
				arguments(
						new RequestFailedException("csr-1", "example.com/signer", "SignerValidationFailure",
								"organization is wrong"),
						"SignerValidationFailure",
						"Signer example.com/signer failed to sign request csr-1: organization is wrong"),
				arguments(new CertificateRefusedException("csr-1", List.of("wrong key", "it has expired")), "Refused",
						"The certificate issued for request csr-1 is refused: wrong key; it has expired"),
				arguments(new RequestGoneException("csr-1", "Request csr-1 was deleted"), "Gone",
						"Request csr-1 was deleted"),
				arguments(new RequestNameTakenException("csr-1", "it is not signed with our key"), "AlreadyExists",
						"The name csr-1 is taken by another request: it is not signed with our key"),
				arguments(new RequestTimedOutException("csr-1", Duration.ofMinutes(15)), "TimedOut",
						"Request csr-1 was neither approved, denied nor signed within 15m, and is waited for again"),
				arguments(new RequestRejectedException("csr-1", 422, "Invalid", "spec is wrong", null), "Invalid",
						"spec is wrong"),
				arguments(new SignerUnavailableException("csr-1", "Unreachable", "no route", null, null), "Unreachable",
						"no route"));
	}

	@ParameterizedTest(name = "{1}: {0}")
	@MethodSource("recoveries")
	void exceptionSaysWhatACallerCanDo(RequestException exception, Recovery recovery) {
		assertThat(exception.recovery()).isEqualTo(recovery);
	}

	static Stream<Arguments> recoveries() {
		return Stream.of(
				arguments(new RequestDeniedException("csr-1", "example.com/signer", "No", "no"), Recovery.RETRY_SLOWLY),
				arguments(new RequestFailedException("csr-1", "example.com/signer", "No", "no"), Recovery.RETRY_SLOWLY),
				arguments(new CertificateRefusedException("csr-1", List.of("wrong key")), Recovery.RETRY_SLOWLY),
				arguments(new RequestRejectedException("csr-1", 422, "No", "no", null), Recovery.RETRY_SLOWLY),
				arguments(new RequestRejectedException("csr-1", 401, "No", "no", null), Recovery.FIX_CREDENTIALS),
				arguments(new RequestRejectedException("csr-1", 403, "No", "no", null), Recovery.FIX_CREDENTIALS),
				arguments(new RequestGoneException("csr-1", "no"), Recovery.START_OVER),
				arguments(new RequestNameTakenException("csr-1", "no"), Recovery.START_OVER),
				arguments(new RequestTimedOutException("csr-1", Duration.ofMinutes(15)), Recovery.RETRY_SOON),
				arguments(new SignerUnavailableException("csr-1", "No", "no", null, null), Recovery.RETRY_SOON));
	}

	@ParameterizedTest
	@CsvSource({ "400, false", "401, true", "403, true", "404, false", "422, false" })
	void rejectionIsAboutTheCredentialsOrTheRequest(int statusCode, boolean credentials) {
		RequestRejectedException rejected = new RequestRejectedException(null, statusCode, "No", "no", null);
		assertThat(rejected.isAboutCredentials()).isEqualTo(credentials);
		assertThat(rejected.statusCode()).isEqualTo(statusCode);
		assertThat(rejected.requestName()).isNull();
	}

}
