package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for an object of either API that fails otherwise than as a request can fail, or
 * whose texts reach a log as they are.
 */
class AnswerFuzz {

	private static final CertificateRequest REQUEST = Adapter.newRequest();

	private static final List<SigningApi> APIS = List.of(new CertificateSigningRequests(),
			new CertManagerRequests("shop", Map.of()));

	@FuzzTest
	void object(byte[] bytes) {
		FuzzedInput.requireCheap(() -> APIS.forEach((api) -> read(api, new FuzzedInput(bytes).text())));
	}

	/** As in an exchange, which takes whatever is thrown for an answer. */
	private static void read(SigningApi api, String text) {
		try {
			RequestObject object = new RequestObject(ApiObjects.object(text));
			FuzzedInput.requireShowable(object.name());
			FuzzedInput.requireShowable(object.username());
			object.conditionTypes().forEach(FuzzedInput::requireShowable);
			REQUEST.difference(api.signer(object), object.pkcs10()).ifPresent(FuzzedInput::requireShowable);
			object.hasExpired(Instant.EPOCH);
			FuzzedInput.requireShowable(api.message(object));
			assertThat(object.createdAt()).isNotNull();
			assertThat(api.authorities(object)).doesNotContainNull();
			List<X509Certificate> chain = api.issuedChain(object).orElse(null);
			assertThat(chain == null || !chain.isEmpty()).isTrue();
		}
		catch (RequestException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
		catch (RuntimeException ex) {
			FuzzedInput.requireShowable(
					String.valueOf(new ApiFailures("https://api.example").translate(ex, REQUEST).getMessage()));
		}
	}

}
