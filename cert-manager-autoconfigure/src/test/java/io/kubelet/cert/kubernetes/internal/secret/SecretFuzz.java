package io.kubelet.cert.kubernetes.internal.secret;

import java.nio.charset.StandardCharsets;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.testsupport.FuzzedInput;
import io.kubelet.cert.testsupport.TestAuthority;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a Secret, with parts of pairs or anything, whose pair is lost, or is used
 * with the key of another one.
 */
class SecretFuzz {

	private static final TestAuthority AUTHORITY = new TestAuthority("authority");

	private static final CertificatePair PAIR = AUTHORITY.pair("shop");

	private static final CertificatePair OTHER = AUTHORITY.pair("other");

	private static final Map<X509Certificate, PrivateKey> KEYS = Map.of(PAIR.leaf(), PAIR.privateKey(), OTHER.leaf(),
			OTHER.privateKey());

	private static final List<String> PARTS = List.of(Pem.write(PAIR.chain()), Pem.writePrivateKey(PAIR),
			Pem.write(OTHER), Pem.writePrivateKey(OTHER), Pem.write(List.of(AUTHORITY.certificate())),
			"Replaced at 2026-01-01T00:00:00Z\n" + Pem.write(List.of(AUTHORITY.certificate())), "");

	private static final Set<String> SECRETS = FuzzedInput.piecesOf(Pem.writePrivateKey(PAIR),
			Pem.writePrivateKey(OTHER));

	private static final List<String> MEMBERS = List.of("tls.crt", "tls.key", "ca.crt", "request.pem",
			"previous-ca.crt");

	@FuzzTest
	void secret(byte[] bytes) {
		FuzzedInput.requireCheap(() -> {
			FuzzedInput input = new FuzzedInput(bytes);
			if (input.nextBoolean()) {
				read(composed(input), SECRETS);
				return;
			}
			try {
				// It may have pieces of the keys anywhere
				read(ApiObjects.object(input.text()), Set.of());
			}
			catch (JsonParseException ex) {
				// It is no answer
			}
		});
	}

	private static void read(JsonObject json, Set<String> secrets) {
		SecretObject secret = new SecretObject(json);
		String foreign = secret.foreignContent("shop", SecretObject.ABSENT);
		if (foreign != null) {
			requireShowable(foreign, secrets);
		}
		requireShowable(secret.otherWriter(), secrets);
		secret.isNewerThan(SecretObject.ABSENT);
		assertThat(secret.repairs()).doesNotContainNull();
		assertThat(secret.authorities()).doesNotContainNull();
		assertThat(ReplacedAuthorities.in(secret)).hasSizeLessThanOrEqualTo(20);
		boolean whole = secret.text("tls.crt").equals(PARTS.get(0)) && secret.text("tls.key").equals(PARTS.get(1));
		try {
			CertificatePair pair = secret.pair();
			secret.deadline(pair);
			if (pair != null) {
				assertThat(pair.privateKey()).isEqualTo(KEYS.get(pair.leaf()));
				assertThat(secret.withPair(pair, Set.of()).pair()).isEqualTo(pair);
			}
			assertThat(!whole || PAIR.equals(pair)).as("a pair that is whole is found").isTrue();
		}
		catch (MalformedPemException ex) {
			assertThat(whole).as("it is not damaged").isFalse();
			requireShowable(String.valueOf(ex.getMessage()), secrets);
		}
		try {
			secret.pending();
		}
		catch (MalformedPemException ex) {
			requireShowable(String.valueOf(ex.getMessage()), secrets);
		}
	}

	private static void requireShowable(String message, Set<String> secrets) {
		FuzzedInput.requireShowable(message);
		FuzzedInput.requireNoSecret(message, secrets);
	}

	private static JsonObject composed(FuzzedInput input) {
		Map<String, String> data = new HashMap<>();
		for (String member : MEMBERS) {
			StringBuilder text = new StringBuilder();
			for (int count = input.nextInt(4); count > 0; count--) {
				String part = input.one(PARTS);
				text.append(input.nextBoolean() ? part : part.substring(0, input.nextInt(1000) % (part.length() + 1)));
				text.append(new String(input.some(), StandardCharsets.UTF_8));
			}
			data.put(member, Base64.getEncoder().encodeToString(text.toString().getBytes(StandardCharsets.UTF_8)));
		}
		return ApiObjects.object(Map.of("type", "kubernetes.io/tls", "data", data, "metadata",
				Map.of("name", "shop", "resourceVersion", "1", "annotations",
						Map.of("cert.kubelet.io/serial-number", PAIR.serialNumber(),
								"cert.kubelet.io/rotation-deadline", input.text(),
								"kubectl.kubernetes.io/last-applied-configuration", PARTS.get(1)))));
	}

}
