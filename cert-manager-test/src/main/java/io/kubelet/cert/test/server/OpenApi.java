package io.kubelet.cert.test.server;

import java.util.List;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;

/**
 * As much of an OpenAPI description as kubectl needs to see that it can leave validation
 * to the server.
 */
public final class OpenApi {

	private static final String ROOT = "/openapi/v3";

	private final List<ResourceType> types;

	public OpenApi(List<ResourceType> types) {
		this.types = types;
	}

	public static boolean serves(String path) {
		return path.equals(ROOT) || path.startsWith(ROOT + "/");
	}

	public ApiResponse answer(String path) {
		if (path.equals(ROOT)) {
			JsonObject paths = new JsonObject();
			for (ResourceType type : this.types) {
				paths.add(type.path().substring(1), Json.object("serverRelativeURL", ROOT + type.path()));
			}
			return ApiResponse.json(200, Json.object("paths", paths));
		}
		JsonObject paths = new JsonObject();
		for (ResourceType type : this.types) {
			if (path.equals(ROOT + type.path())) {
				String scope = type.isNamespaced() ? "/namespaces/{namespace}/" : "/";
				paths.add(type.path() + scope + type.plural() + "/{name}", Json.object("patch", patch(type)));
			}
		}
		if (paths.isEmpty()) {
			throw ApiFailure.noSuchPath();
		}
		return ApiResponse.json(200, Json.object("openapi", "3.0.0", "info",
				Json.object("title", "Kubernetes", "version", "v1.34.0"), "paths", paths));
	}

	private static JsonObject patch(ResourceType type) {
		JsonArray parameters = new JsonArray();
		for (String parameter : List.of("dryRun", "fieldManager", "fieldValidation")) {
			parameters.add(Json.object("name", parameter, "in", "query", "schema",
					Json.object("type", "string", "uniqueItems", true)));
		}
		return Json.object("parameters", parameters, "responses", Json.object("200", Json.object("description", "OK")),
				"x-kubernetes-action", "patch", "x-kubernetes-group-version-kind",
				Json.object("group", type.group(), "version", type.version(), "kind", type.kind()));
	}

}
