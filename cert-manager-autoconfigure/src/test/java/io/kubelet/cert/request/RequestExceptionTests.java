package io.kubelet.cert.request;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.store.StoreException;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What an exception tells of a request that brought no certificate.
 *
 * @see RequestException
 * @see io.kubelet.cert.certificate.CertificateManagerException
 */
class RequestExceptionTests {

	@ParameterizedTest
	@CsvSource({ "example.com/signer, Signer example.com/signer", "Issuer/internal, Issuer Issuer/internal" })
	void failureNamesTheSignerOrTheIssuer(String signerName, String named) {
		RequestException failed = RequestException.failed("csr-1", Signer.of(signerName), "SignerValidationFailure",
				"it is wrong");
		assertThat(failed).hasMessage(named + " failed to sign request csr-1: it is wrong");
		assertThat(failed.reason()).isEqualTo("SignerValidationFailure");
		assertThat(failed.kind().recovery()).isEqualTo(Recovery.RETRY_SLOWLY);
	}

	@ParameterizedTest
	@CsvSource({ "400, REJECTED, RETRY_SLOWLY", "401, UNAUTHORIZED, FIX_CAUSE", "403, FORBIDDEN, FIX_CAUSE",
			"404, REJECTED, RETRY_SLOWLY", "422, REJECTED, RETRY_SLOWLY" })
	void rejectionIsAboutTheCredentialsAPermissionOrTheRequest(int statusCode, Kind kind, Recovery recovery) {
		RequestException rejected = RequestException.rejected(statusCode, "No", "no");
		assertThat(rejected.kind()).isEqualTo(kind);
		assertThat(rejected.kind().recovery()).isEqualTo(recovery);
		assertThat(rejected.statusCode()).isEqualTo(statusCode);
		assertThat(new StoreException("Cannot read", RequestException.rejected(statusCode, "No", "no\nadvice")))
			.hasMessage("Cannot read")
			.returns("Cannot read\nadvice", StoreException::report);
	}

}
