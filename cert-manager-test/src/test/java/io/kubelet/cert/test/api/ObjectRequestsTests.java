package io.kubelet.cert.test.api;

import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.ApiClient;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Csr;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.json.Json;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ObjectRequests}: what the recordings do not show.
 */
class ObjectRequestsTests {

	private static final String CONFIG_MAPS = "/api/v1/namespaces/test/configmaps";

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient admin = new ApiClient(this.controlPlane, this.controlPlane.admin());

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			application/merge-patch+json           | {"metadata":{"labels":{"a":null,"c":"3"}}}
			application/strategic-merge-patch+json | {"metadata":{"labels":{"a":null,"c":"3"}}}
			application/json-patch+json            | [{"op":"test","path":"/metadata/labels/a","value":"1"},\
			{"op":"remove","path":"/metadata/labels/a"},{"op":"add","path":"/metadata/labels/c","value":"3"}]
			""")
	void patchesInThreeWays(String contentType, String patch) throws Exception {
		create("one", Json.object("a", "1", "b", "2"));
		HttpResponse<String> response = this.admin.send("PATCH", CONFIG_MAPS + "/one", contentType, patch);
		assertThat(response.statusCode()).isEqualTo(200);
		assertThat(Json.objectAt(ApiClient.json(response), "metadata", "labels"))
			.isEqualTo(Json.object("b", "2", "c", "3"));
	}

	@Test
	void unknownKindOfPatchIsRefused() throws Exception {
		create("one", Json.object());
		assertThat(this.admin.send("PATCH", CONFIG_MAPS + "/one", "application/apply-patch+yaml", "{}").statusCode())
			.isEqualTo(415);
	}

	@Test
	void approvalCanBePatched() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		String name = ApiClient.name(this.admin.create(Csr.kubeletClient("n1")));
		this.admin.send("PATCH", ApiClient.CSRS + "/" + name + "/approval", "application/merge-patch+json", """
				{"status": {"conditions": [{"type": "Approved", "status": "True", "reason": "Test"}]}}""");
		assertThat(this.admin.issued(name)).hasSize(1);
	}

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
		assertThat(names(this.admin.get(CONFIG_MAPS + "?labelSelector=" + query)))
			.containsExactlyInAnyOrder(names.split(","));
	}

	@Test
	void listsPageByPage() throws Exception {
		for (String name : List.of("a", "b", "c", "d", "e")) {
			create(name, Json.object());
		}
		List<String> seen = new ArrayList<>();
		List<String> remaining = new ArrayList<>();
		String token = "";
		do {
			JsonObject page = this.admin.get(CONFIG_MAPS + "?limit=2&continue=" + token);
			seen.addAll(names(page));
			remaining.add(Json.text(page, "metadata", "remainingItemCount"));
			token = Json.text(page, "metadata", "continue");
		}
		while (!token.isEmpty());
		assertThat(seen).containsExactly("a", "b", "c", "d", "e");
		assertThat(remaining).containsExactly("3", "1", "");
	}

	@Test
	void objectThatLeavesTheSelectionIsDeletedForTheWatcher() throws Exception {
		String since = Json.text(create("one", Json.object("env", "test")), "metadata", "resourceVersion");
		for (String env : List.of("prod", "prod2", "prod")) {
			this.admin.send("PATCH", CONFIG_MAPS + "/one", "application/merge-patch+json",
					Json.object("metadata", Json.object("labels", Json.object("env", env))).toString());
		}
		this.admin.send("PATCH", CONFIG_MAPS + "/one", "application/merge-patch+json", "{\"data\": {\"k\": \"v\"}}");
		try (Stream<String> events = this.admin
			.stream(CONFIG_MAPS + "?watch=true&labelSelector=env%3Dprod&timeoutSeconds=1&resourceVersion=" + since)
			.body()) {
			assertThat(events).extracting((event) -> Json.text(Json.parse(event), "type"))
				.containsExactly("ADDED", "DELETED", "ADDED", "MODIFIED");
		}
	}

	@Test
	void watchWithoutResourceVersionBeginsWithWhatIsThere() throws Exception {
		create("one", Json.object());
		assertThat(this.admin.stream(CONFIG_MAPS + "?watch=true&timeoutSeconds=1").body()).singleElement()
			.asString()
			.contains("\"type\":\"ADDED\"");
	}

	@Test
	void updateThatChangesNothingKeepsTheResourceVersion() throws Exception {
		JsonObject created = create("one", Json.object("a", "1"));
		assertThat(this.admin.put(CONFIG_MAPS + "/one", created)).isEqualTo(created);
	}

	@Test
	void deletionHonoursItsPreconditions() throws Exception {
		create("one", Json.object());
		HttpResponse<String> refused = this.admin.send("DELETE", CONFIG_MAPS + "/one", "application/json",
				"{\"preconditions\": {\"uid\": \"other\"}}");
		assertThat(refused.statusCode()).isEqualTo(409);
		JsonObject deleted = ApiClient.json(this.admin.send("DELETE", CONFIG_MAPS + "/one", null, null));
		assertThat(Json.text(deleted, "status")).isEqualTo("Success");
		assertThat(Json.text(deleted, "details", "name")).isEqualTo("one");
	}

	@Test
	void collectionIsDeletedBySelector() throws Exception {
		create("one", Json.object("env", "prod"));
		create("two", Json.object("env", "test"));
		this.admin.send("DELETE", CONFIG_MAPS + "?labelSelector=env%3Dprod", null, null);
		assertThat(names(this.admin.get(CONFIG_MAPS))).containsExactly("two");
	}

	@Test
	void dryRunStoresNothing() throws Exception {
		HttpResponse<String> response = this.admin.send("POST", CONFIG_MAPS + "?dryRun=All", "application/json",
				"{\"metadata\": {\"name\": \"one\"}}");
		assertThat(response.statusCode()).isEqualTo(201);
		assertThat(names(this.admin.get(CONFIG_MAPS))).isEmpty();
	}

	@Test
	void nameIsRequiredAndChecked() throws Exception {
		assertThat(this.admin.post(CONFIG_MAPS, Json.object("metadata", Json.object())).toString())
			.contains("metadata.name: Required value: name or generateName is required");
		assertThat(this.admin.post(CONFIG_MAPS, Json.object("metadata", Json.object("name", "No_Name"))).toString())
			.contains("a lowercase RFC 1123 subdomain must consist of");
	}

	@Test
	void leaseIsNotUpdatedWithoutAResourceVersion() throws Exception {
		String leases = "/apis/coordination.k8s.io/v1/namespaces/test/leases";
		JsonObject lease = this.admin.post(leases, Json.object("metadata", Json.object("name", "one")));
		lease.getAsJsonObject("metadata").remove("resourceVersion");
		assertThat(this.admin.put(leases + "/one", lease).toString())
			.contains("metadata.resourceVersion: Invalid value: 0x0: must be specified for an update");
	}

	private JsonObject create(String name, JsonElement labels) throws Exception {
		return this.admin.post(CONFIG_MAPS, Json.object("metadata", Json.object("name", name, "labels", labels)));
	}

	private static List<String> names(JsonObject list) {
		return Json.list(list, "items").stream().map((item) -> ApiClient.name(item.getAsJsonObject())).toList();
	}

}
