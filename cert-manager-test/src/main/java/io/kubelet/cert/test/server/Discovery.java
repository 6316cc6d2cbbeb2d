package io.kubelet.cert.test.server;

import java.util.List;
import java.util.Set;
import java.util.TreeSet;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;

/**
 * Says what the server is and what it serves.
 */
public final class Discovery {

	private static final List<String> VERBS = List.of("create", "delete", "deletecollection", "get", "list", "patch",
			"update", "watch");

	private static final Set<String> REVIEW_GROUPS = Set.of("authentication.k8s.io", "authorization.k8s.io");

	private final List<ResourceType> types;

	private final OpenApi openApi;

	private final String address;

	/**
	 * Create the discovery.
	 * @param address host and port, as told to clients
	 */
	public Discovery(List<ResourceType> types, String address) {
		this.types = types;
		this.openApi = new OpenApi(types);
		this.address = address;
	}

	public ApiResponse answer(String path) {
		return switch (path) {
			case "/healthz", "/livez", "/readyz" -> ApiResponse.text("ok");
			case "/version" -> ApiResponse.json(200, version());
			case "/api" -> ApiResponse.json(200, coreVersions());
			case "/apis" -> ApiResponse.json(200, Json.object("kind", "APIGroupList", "apiVersion", "v1", "groups",
					groups().stream().map((group) -> group(group, new JsonObject())).toList()));
			default -> OpenApi.serves(path) ? this.openApi.answer(path) : group(path);
		};
	}

	private ApiResponse group(String path) {
		if (path.equals("/api/v1")) {
			return ApiResponse.json(200, resources("", "v1"));
		}
		for (String group : groups()) {
			if (path.equals("/apis/" + group)) {
				return ApiResponse.json(200, group(group, Json.object("kind", "APIGroup", "apiVersion", "v1")));
			}
			for (String version : versions(group)) {
				if (path.equals("/apis/" + group + "/" + version)) {
					return ApiResponse.json(200, resources(group, version));
				}
			}
		}
		throw ApiFailure.noSuchPath();
	}

	private Set<String> groups() {
		Set<String> groups = new TreeSet<>(REVIEW_GROUPS);
		this.types.stream().map(ResourceType::group).filter((group) -> !group.isEmpty()).forEach(groups::add);
		return groups;
	}

	/** The versions of a group, the preferred one first. */
	private Set<String> versions(String group) {
		Set<String> versions = new TreeSet<>(Set.of("v1"));
		this.types.stream()
			.filter((type) -> type.group().equals(group))
			.map(ResourceType::version)
			.forEach(versions::add);
		return versions;
	}

	private static JsonObject version() {
		return Json.object("major", "1", "minor", "34", "emulationMajor", "1", "emulationMinor", "34",
				"minCompatibilityMajor", "1", "minCompatibilityMinor", "33", "gitVersion", "v1.34.0+embedded",
				"gitCommit", "", "gitTreeState", "", "buildDate", "1970-01-01T00:00:00Z", "goVersion", "", "compiler",
				"", "platform", "java");
	}

	private JsonObject coreVersions() {
		return Json.object("kind", "APIVersions", "versions", List.of("v1"), "serverAddressByClientCIDRs",
				List.of(Json.object("clientCIDR", "0.0.0.0/0", "serverAddress", this.address)));
	}

	private JsonObject group(String group, JsonObject object) {
		List<JsonObject> versions = versions(group).stream()
			.map((version) -> Json.object("groupVersion", group + "/" + version, "version", version))
			.toList();
		object.addProperty("name", group);
		object.add("versions", Json.array(versions));
		object.add("preferredVersion", versions.get(0));
		return object;
	}

	private JsonObject resources(String group, String version) {
		JsonArray resources = new JsonArray();
		for (ResourceType type : this.types) {
			if (type.group().equals(group) && type.version().equals(version)) {
				resources.add(resource(type));
				new TreeSet<>(type.subresources()).forEach((subresource) -> resources.add(resource(type, subresource)));
			}
		}
		Reviews.KINDS.forEach((plural, kind) -> {
			if (Reviews.group(plural).equals(group) && version.equals("v1")) {
				resources.add(Json.object("name", plural, "singularName", kind.toLowerCase(), "namespaced", false,
						"kind", kind, "verbs", List.of("create")));
			}
		});
		return Json.object("kind", "APIResourceList", "apiVersion", "v1", "groupVersion",
				group.isEmpty() ? version : group + "/" + version, "resources", resources);
	}

	private static JsonObject resource(ResourceType type) {
		JsonObject resource = Json.object("name", type.plural(), "singularName", type.kind().toLowerCase(),
				"namespaced", type.isNamespaced(), "kind", type.kind(), "verbs", VERBS);
		if (!type.shortNames().isEmpty()) {
			resource.add("shortNames", Json.array(type.shortNames()));
		}
		if (!type.storageVersionHash().isEmpty()) {
			resource.addProperty("storageVersionHash", type.storageVersionHash());
		}
		return resource;
	}

	private static JsonObject resource(ResourceType type, String subresource) {
		return Json.object("name", type.plural() + "/" + subresource, "singularName", "", "namespaced",
				type.isNamespaced(), "kind", type.kind(), "verbs", List.of("get", "patch", "update"));
	}

}
