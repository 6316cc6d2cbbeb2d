package io.kubelet.cert.test.server;

import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;

/**
 * Says what the server is and which types of objects it keeps.
 */
final class Discovery {

	private static final List<String> VERBS = List.of("create", "delete", "get", "list", "update", "watch");

	private final List<ResourceType> types;

	Discovery(List<ResourceType> types) {
		this.types = types;
	}

	/**
	 * Answer a request on a path.
	 * @param path the path
	 * @param host host and port, as the client reached them
	 */
	ApiResponse answer(String path, String host) {
		return switch (path) {
			case "/healthz", "/livez", "/readyz" -> ApiResponse.text("ok");
			case "/version" -> ApiResponse.json(200, version());
			case "/api" -> ApiResponse.json(200, coreVersions(host));
			case "/apis" -> ApiResponse.json(200, Json.object("kind", "APIGroupList", "apiVersion", "v1", "groups",
					groups().map((group) -> group(group, new JsonObject())).toList()));
			default -> ApiResponse.json(200, group(path));
		};
	}

	private JsonObject group(String path) {
		for (ResourceType type : this.types) {
			if (path.equals(type.path())) {
				return resources(type);
			}
			if (path.equals("/apis/" + type.group())) {
				return group(type.group(), Json.object("kind", "APIGroup", "apiVersion", "v1"));
			}
		}
		throw nowhere(path.replaceFirst("^/apis/([^/]+).*", "$1"));
	}

	/** Only Kubernetes' own API groups answer with an object. */
	ApiFailure nowhere(String group) {
		return this.types.stream().anyMatch((type) -> !type.isCustom() && type.group().equals(group))
				? ApiFailure.noSuchPath() : ApiFailure.pageNotFound();
	}

	private Stream<String> groups() {
		return this.types.stream().map(ResourceType::group).filter((group) -> !group.isEmpty()).distinct();
	}

	private static JsonObject version() {
		return Json.object("major", "1", "minor", "34", "emulationMajor", "1", "emulationMinor", "34",
				"minCompatibilityMajor", "1", "minCompatibilityMinor", "33", "gitVersion", "v1.34.0+embedded",
				"gitCommit", "", "gitTreeState", "", "buildDate", "1970-01-01T00:00:00Z", "goVersion", "", "compiler",
				"", "platform", "java");
	}

	private static JsonObject coreVersions(String host) {
		return Json.object("kind", "APIVersions", "versions", List.of("v1"), "serverAddressByClientCIDRs",
				List.of(Json.object("clientCIDR", "0.0.0.0/0", "serverAddress", host)));
	}

	/** The versions of a group, the preferred one first. */
	private JsonObject group(String group, JsonObject object) {
		List<JsonObject> versions = this.types.stream()
			.filter((type) -> type.group().equals(group))
			.map(ResourceType::version)
			.distinct()
			.sorted()
			.map((version) -> Json.object("groupVersion", group + "/" + version, "version", version))
			.toList();
		object.addProperty("name", group);
		object.add("versions", Json.array(versions));
		object.add("preferredVersion", versions.get(0));
		return object;
	}

	private JsonObject resources(ResourceType sibling) {
		JsonArray resources = new JsonArray();
		for (ResourceType type : this.types) {
			if (type.apiVersion().equals(sibling.apiVersion())) {
				resources.add(resource(type));
				new TreeSet<>(type.subresources()).forEach((subresource) -> resources.add(resource(type, subresource)));
			}
		}
		return Json.object("kind", "APIResourceList", "apiVersion", "v1", "groupVersion", sibling.apiVersion(),
				"resources", resources);
	}

	private static JsonObject resource(ResourceType type) {
		JsonObject resource = Json.object("name", type.plural(), "singularName", type.kind().toLowerCase(),
				"namespaced", type.isNamespaced(), "kind", type.kind(), "verbs", VERBS);
		if (!type.shortNames().isEmpty()) {
			resource.add("shortNames", Json.array(type.shortNames()));
		}
		if (!type.categories().isEmpty()) {
			resource.add("categories", Json.array(type.categories()));
		}
		return resource;
	}

	private static JsonObject resource(ResourceType type, String subresource) {
		return Json.object("name", type.plural() + "/" + subresource, "singularName", "", "namespaced",
				type.isNamespaced(), "kind", type.kind(), "verbs", List.of("get", "update"));
	}

}
