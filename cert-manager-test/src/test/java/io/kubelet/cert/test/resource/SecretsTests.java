package io.kubelet.cert.test.resource;

import java.util.Base64;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.ApiClient;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.json.Json;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

/**
 * Tests for {@link Secrets}: what the recording does not show.
 *
 * @see Secrets
 * @see StoredSecrets
 * @see io.kubelet.cert.test.api.ManagedFields
 */
class SecretsTests {

	private static final String SECRETS = "/api/v1/namespaces/shop/secrets";

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient admin = new ApiClient(this.controlPlane, this.controlPlane.admin());

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			{"tls.crt": "", "tls.key": ""} | created
			{}                             | Secret "shop-tls" is invalid: [data[tls.crt]: Required value, \
			data[tls.key]: Required value]
			{"tls.key": "QQ=="}            | Secret "shop-tls" is invalid: data[tls.crt]: Required value
			{"tls.crt": "", "tls.key": "no base64"} | Secret in version "v1" cannot be handled as a Secret: illegal \
			base64 data at input byte 0
			""")
	void certificateAndKeyAreRequiredButMayBeEmpty(String data, String outcome) throws Exception {
		JsonObject answer = this.admin.post(SECRETS, secret(Json.parse(data).getAsJsonObject()));
		assertThat(Json.text(answer, "message").isEmpty() ? "created" : Json.text(answer, "message"))
			.isEqualTo(outcome);
	}

	@Test
	void textIsEncodedAndTheTypeIsOpaqueByDefault() throws Exception {
		JsonObject created = this.admin.post(SECRETS,
				Json.object("metadata", Json.object("name", "a"), "stringData", Json.object("key", "value")));
		assertThat(Json.text(created, "type")).isEqualTo("Opaque");
		assertThat(Json.text(created, "data", "key")).isEqualTo(encoded("value"));
		assertThat(created.has("stringData")).isFalse();
	}

	/** A replica acts as soon as it sees a Secret without a pair. */
	@Test
	void secretIsPutInOneChange() throws Exception {
		String before = Json.text(this.admin.get(SECRETS), "metadata", "resourceVersion");
		this.controlPlane.secrets().put("shop", "shop-tls", Map.of("tls.crt", "chain", "tls.key", "key"));
		JsonObject first = Json
			.parse(this.admin.stream(SECRETS + "?watch=1&resourceVersion=" + before).body().findFirst().orElseThrow())
			.getAsJsonObject();
		assertThat(Json.text(first, "object", "data", "tls.crt")).isEqualTo(encoded("chain"));
	}

	@Test
	void keyIsPutIntoASecretWithoutData() throws Exception {
		this.admin.post(SECRETS, Json.object("metadata", Json.object("name", "empty")));
		this.controlPlane.secrets().put("shop", "empty", Map.of("key", "value"));
		assertThat(this.controlPlane.secrets().find("shop", "empty")).hasValue(new TreeMap<>(Map.of("key", "value")));
	}

	@Test
	void typeIsNotChanged() throws Exception {
		JsonObject created = create();
		created.addProperty("type", "Opaque");
		assertThat(Json.text(update(created), "message"))
			.isEqualTo("Secret \"shop-tls\" is invalid: type: Invalid value: \"Opaque\": field is immutable");
	}

	@Test
	void immutableSecretKeepsItsDataButNotItsLabels() throws Exception {
		JsonObject created = create();
		created.addProperty("immutable", true);
		JsonObject immutable = update(created);
		immutable.getAsJsonObject("data").addProperty("tls.key", encoded("other"));
		assertThat(Json.text(update(immutable), "message"))
			.isEqualTo("Secret \"shop-tls\" is invalid: data: Forbidden: field is immutable when `immutable` is set");
		immutable.getAsJsonObject("data").addProperty("tls.key", "");
		immutable.getAsJsonObject("metadata").add("labels", Json.object("app", "shop"));
		JsonObject labelled = update(immutable);
		assertThat(Json.text(labelled, "metadata", "labels", "app")).isEqualTo("shop");
		labelled.remove("immutable");
		assertThat(Json.text(update(labelled), "message")).isEqualTo(
				"Secret \"shop-tls\" is invalid: immutable: Forbidden: field is immutable when `immutable` is set");
	}

	@Test
	void fieldBelongsToTheClientThatSetItLast() throws Exception {
		JsonObject created = create();
		created.getAsJsonObject("data").addProperty("tls.key", encoded("other"));
		JsonObject edited = ApiClient.json(this.admin.send("PUT", SECRETS + "/shop-tls?fieldManager=kubectl-edit",
				"application/json", created.toString()));
		assertThat(Json.list(edited, "metadata", "managedFields")).satisfiesExactly((first) -> {
			assertThat(Json.text(first, "manager")).isEqualTo("Java-http-client");
			assertThat(Json.objectAt(first, "fieldsV1", "f:data").keySet()).containsExactly(".", "f:tls.crt");
		}, (second) -> {
			assertThat(Json.text(second, "manager")).isEqualTo("kubectl-edit");
			assertThat(Json.objectAt(second, "fieldsV1"))
				.isEqualTo(Json.object("f:data", Json.object("f:tls.key", new JsonObject())));
		});
	}

	@Test
	void permissionForOneNameDoesNotIncludeCreation() throws Exception {
		ApiClient shop = new ApiClient(this.controlPlane, this.controlPlane.addServiceAccount("shop", "shop"));
		String user = "system:serviceaccount:shop:shop";
		assertThat(Json.text(shop.get(SECRETS + "/shop-tls"), "message"))
			.isEqualTo("secrets \"shop-tls\" is forbidden: "
					+ "User \"%s\" cannot get resource \"secrets\" in API group \"\" in the namespace \"shop\""
						.formatted(user));
		this.controlPlane.allow(user, Set.of("get", "list", "watch", "update", "create"), "secrets", "shop-tls");
		JsonObject refused = shop.post(SECRETS, secret(data()));
		assertThat(Json.text(refused, "message")).isEqualTo("secrets is forbidden: "
				+ "User \"%s\" cannot create resource \"secrets\" in API group \"\" in the namespace \"shop\""
					.formatted(user));
		create();
		assertThat(Json.list(shop.get(SECRETS + "?fieldSelector=metadata.name%3Dshop-tls"), "items")).hasSize(1);
		assertThat(Json.text(shop.get(SECRETS), "reason")).isEqualTo("Forbidden");
		JsonObject found = shop.get(SECRETS + "/shop-tls");
		assertThat(shop.put(SECRETS + "/shop-tls", found).has("data")).isTrue();
	}

	@Test
	void testReadsAndChangesThem() throws Exception {
		StoredSecrets secrets = this.controlPlane.secrets();
		assertThat(secrets.find("shop", "shop-tls")).isEmpty();
		secrets.put("shop", "shop-tls", Map.of("tls.key", "one"));
		secrets.put("shop", "shop-tls", Map.of("tls.crt", "two"));
		assertThat(secrets.find("shop", "shop-tls").orElseThrow())
			.isEqualTo(Map.of("tls.key", "one", "tls.crt", "two"));
		assertThat(Json.text(this.admin.get(SECRETS + "/shop-tls"), "data", "tls.crt")).isEqualTo(encoded("two"));
		secrets.makeImmutable("shop", "shop-tls");
		assertThat(Json.text(this.admin.get(SECRETS + "/shop-tls"), "immutable")).isEqualTo("true");
		assertThat(secrets.names("shop")).containsExactly("shop-tls");
		secrets.delete("shop", "shop-tls");
		assertThatIllegalArgumentException().isThrownBy(() -> secrets.delete("shop", "shop-tls"))
			.withMessageContaining("secrets \"shop-tls\" not found");
	}

	private JsonObject create() throws Exception {
		return this.admin.post(SECRETS, secret(data()));
	}

	private JsonObject update(JsonObject secret) throws Exception {
		return this.admin.put(SECRETS + "/shop-tls", secret);
	}

	private static JsonObject data() {
		return Json.object("tls.crt", "", "tls.key", "");
	}

	private static JsonObject secret(JsonObject data) {
		return Json.object("metadata", Json.object("name", "shop-tls"), "type", Secrets.TLS, "data", data);
	}

	private static String encoded(String text) {
		return Base64.getEncoder().encodeToString(text.getBytes());
	}

}
