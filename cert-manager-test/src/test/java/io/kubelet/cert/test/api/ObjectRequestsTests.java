package io.kubelet.cert.test.api;

import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.ApiClient;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.json.Json;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ObjectRequests}: what the recordings do not show.
 *
 * @see ObjectRequests
 * @see ResourceType
 * @see ObjectStore
 * @see ObjectMetadata
 * @see Chunk
 * @see Selectors
 */
class ObjectRequestsTests {

	@AutoClose
	private static final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private static final AtomicInteger namespaces = new AtomicInteger();

	private final ApiClient admin = new ApiClient(controlPlane, controlPlane.admin());

	private final String configMaps = "/api/v1/namespaces/test-" + namespaces.incrementAndGet() + "/configmaps";

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			env=prod             | one
			env==prod            | one
			env!=prod            | two,three
			env in (prod,test)   | one,two
			env notin (prod)     | two,three
			env                  | one,two
			!env                 | three
			env,tier=web         | two
			env in (prod,test),tier!=web | one
			""")
	void selectsByLabel(String selector, String names) throws Exception {
		create("one", Json.object("env", "prod"));
		create("two", Json.object("env", "test", "tier", "web"));
		create("three", Json.object("tier", "web"));
		String query = java.net.URLEncoder.encode(selector, java.nio.charset.StandardCharsets.UTF_8);
		assertThat(names(this.admin.get(this.configMaps + "?labelSelector=" + query)))
			.containsExactlyInAnyOrder(names.split(","));
	}

	@Test
	void listIsReadInPartsOfTheSameRevision() throws Exception {
		for (String name : List.of("a", "b", "c", "d")) {
			create(name, Json.object("l", "x"));
		}
		JsonObject first = this.admin.get(this.configMaps + "?limit=2&labelSelector=l");
		this.admin.send("DELETE", this.configMaps + "/c", null, null);
		create("e", Json.object("l", "x"));
		String token = Json.text(first, "metadata", "continue");
		JsonObject second = this.admin.get(this.configMaps + "?limit=2&labelSelector=l&continue=" + token);
		assertThat(names(first)).containsExactly("a", "b");
		assertThat(names(second)).containsExactly("c", "d");
		assertThat(Json.text(second, "metadata", "resourceVersion"))
			.isEqualTo(Json.text(first, "metadata", "resourceVersion"));
		assertThat(Json.text(first, "metadata", "remainingItemCount")).isEmpty();
	}

	@Test
	void lastPartHasNoToken() throws Exception {
		create("a", Json.object());
		create("b", Json.object());
		JsonObject first = this.admin.get(this.configMaps + "?limit=1");
		// Besides both, there is kube-root-ca.crt
		int rest = Integer.parseInt(Json.text(first, "metadata", "remainingItemCount"));
		JsonObject last = this.admin
			.get(this.configMaps + "?limit=" + rest + "&continue=" + Json.text(first, "metadata", "continue"));
		assertThat(names(last)).hasSize(rest);
		assertThat(Json.objectAt(last, "metadata").keySet()).containsExactly("resourceVersion");
	}

	@Test
	void expiredTokenIsRefusedWithOneThatGoesOn() throws Exception {
		create("a", Json.object("l", "x"));
		create("b", Json.object("l", "x"));
		JsonObject first = this.admin.get(this.configMaps + "?limit=1&labelSelector=l");
		create("c", Json.object("l", "x"));
		controlPlane.compactHistory();
		String path = this.configMaps + "?limit=5&labelSelector=l&continue=";
		JsonObject expired = this.admin.get(path + Json.text(first, "metadata", "continue"));
		assertThat(Json.text(expired, "code")).isEqualTo("410");
		assertThat(Json.text(expired, "reason")).isEqualTo("Expired");
		assertThat(names(this.admin.get(path + Json.text(expired, "metadata", "continue")))).containsExactly("b", "c");
	}

	@Test
	void tokenOfAnotherKindIsRefused() throws Exception {
		assertThat(Json.text(this.admin.get(this.configMaps + "?continue=e30"), "message"))
			.isEqualTo("continue key is not valid: server does not recognize this encoded version");
	}

	@Test
	void objectThatLeavesTheSelectionIsDeletedForTheWatcher() throws Exception {
		JsonObject object = create("one", Json.object("env", "test"));
		String since = Json.text(object, "metadata", "resourceVersion");
		for (String env : List.of("prod", "prod2", "prod")) {
			Json.objectAt(object, "metadata", "labels").addProperty("env", env);
			object = this.admin.put(this.configMaps + "/one", object);
		}
		object.add("data", Json.object("k", "v"));
		this.admin.put(this.configMaps + "/one", object);
		try (Stream<String> events = this.admin
			.stream(this.configMaps + "?watch=true&labelSelector=env%3Dprod&timeoutSeconds=1&resourceVersion=" + since)
			.body()) {
			assertThat(events).extracting((event) -> Json.text(Json.parse(event), "type"))
				.containsExactly("ADDED", "DELETED", "ADDED", "MODIFIED");
		}
	}

	@Test
	void watchWithoutResourceVersionBeginsWithWhatIsThere() throws Exception {
		create("one", Json.object());
		assertThat(this.admin.stream(this.configMaps + "?watch=true&timeoutSeconds=1").body()).singleElement()
			.asString()
			.contains("\"type\":\"ADDED\"");
	}

	@Test
	void updateThatChangesNothingKeepsTheResourceVersion() throws Exception {
		JsonObject created = create("one", Json.object("a", "1"));
		assertThat(this.admin.put(this.configMaps + "/one", created)).isEqualTo(created);
	}

	@Test
	void nameIsRequiredAndChecked() throws Exception {
		assertThat(this.admin.post(this.configMaps, Json.object("metadata", Json.object())).toString())
			.contains("metadata.name: Required value: name or generateName is required");
		assertThat(this.admin.post(this.configMaps, Json.object("metadata", Json.object("name", "No_Name"))).toString())
			.contains("a lowercase RFC 1123 subdomain must consist of");
	}

	private JsonObject create(String name, JsonElement labels) throws Exception {
		return this.admin.post(this.configMaps, Json.object("metadata", Json.object("name", name, "labels", labels)));
	}

	private static List<String> names(JsonObject list) {
		return Json.list(list, "items").stream().map((item) -> ApiClient.name(item.getAsJsonObject())).toList();
	}

}
