package io.kubelet.cert.kubernetes.internal.signing;

import java.security.cert.X509Certificate;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonParseException;
import com.google.gson.JsonSyntaxException;
import io.kubelet.cert.testsupport.Adapter;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for an object of either API that fails otherwise than as a request can fail, or
 * whose texts reach a log as they are, or its secrets at all.
 */
class AnswerFuzz {

	private static final CertificateRequest REQUEST = Adapter.newRequest();

	private static final List<SigningApi> APIS = List.of(new CertificateSigningRequests(),
			new CertManagerRequests("shop", Map.of()));

	private static final List<Class<?>> DECLARED = List.of(JsonParseException.class, JsonSyntaxException.class,
			DateTimeParseException.class, IllegalArgumentException.class);

	/** A signer may return a key as well, and an annotation may contain anything. */
	private static final Pattern BEFORE_KEY = Pattern.compile("\"(?:certificate|ca)\"\\s*:\\s*\"");

	private static final Pattern BEFORE_SECRET = Pattern
		.compile("\"annotations\"\\s*:\\s*\\{\\s*\"[^\"]*\"\\s*:\\s*\"");

	@FuzzTest
	void object(byte[] bytes) {
		String secret = FuzzedInput.secret(bytes);
		String text = FuzzedInput.withSecret(new FuzzedInput(bytes).text(), BEFORE_KEY, FuzzedInput.encoded(secret));
		String object = FuzzedInput.withSecret(text, BEFORE_SECRET, secret);
		// A text may begin with that as well, and then contain other fields
		Set<String> secrets = object.contains("'") ? Set.of()
				: FuzzedInput.piecesOf(secret, FuzzedInput.encoded(secret));
		Consumer<String> shown = shown(secrets);
		FuzzedInput.requireCheap(() -> APIS.forEach((api) -> read(api, object, shown)));
	}

	private static void read(SigningApi api, String text, Consumer<String> shown) {
		try {
			RequestObject object = new RequestObject(ApiObjects.object(text));
			shown.accept(object.name());
			shown.accept(object.username());
			object.conditionTypes().forEach(shown);
			REQUEST.difference(api.signer(object), object.pkcs10()).ifPresent(shown);
			object.hasExpired(Instant.EPOCH);
			shown.accept(api.message(object));
			assertThat(object.changedAt()).isNotNull();
			assertThat(object.uid()).isNotNull();
			assertThat(api.authorities(object)).doesNotContainNull();
			List<X509Certificate> chain = api.issuedChain(object).orElse(null);
			assertThat(chain == null || !chain.isEmpty()).isTrue();
		}
		catch (RequestException ex) {
			shown.accept(String.valueOf(ex.getMessage()));
		}
		catch (JsonParseException | DateTimeParseException | IllegalArgumentException ex) {
			// It is no such object, has a time that is none, or data that is not Base64
			assertThat(DECLARED).contains(ex.getClass());
			shown.accept(String.valueOf(new ApiFailures("https://api.example").translate(ex, REQUEST).getMessage()));
		}
	}

	private static Consumer<String> shown(Set<String> secrets) {
		return (message) -> {
			FuzzedInput.requireShowable(message);
			FuzzedInput.requireNoSecret(message, secrets);
		};
	}

}
