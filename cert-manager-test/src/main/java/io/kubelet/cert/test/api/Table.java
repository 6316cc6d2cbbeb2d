package io.kubelet.cert.test.api;

import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * The form in which kubectl asks for what it prints.
 */
final class Table {

	private Table() {
	}

	static boolean isWanted(ApiRequest request) {
		return request.header("Accept").contains("as=Table");
	}

	static JsonObject of(ResourceType type, JsonObject object, Instant now) {
		JsonObject metadata = Json.pick(Json.objectAt(object, "metadata"), "resourceVersion");
		boolean bookmark = Json.text(object, "metadata", "name").isEmpty();
		return of(type, metadata, bookmark ? List.of() : List.of(object), now);
	}

	static JsonObject of(ResourceType type, JsonObject metadata, List<JsonObject> objects, Instant now) {
		JsonArray definitions = new JsonArray();
		definitions.add(definition("Name", "name"));
		type.columns().forEach((column) -> definitions.add(definition(column.name(), "")));
		JsonArray rows = new JsonArray();
		for (JsonObject object : objects) {
			List<String> cells = new ArrayList<>();
			cells.add(Json.text(object, "metadata", "name"));
			type.columns().forEach((column) -> cells.add(column.value().apply(object, now)));
			JsonObject identity = Json.object("kind", "PartialObjectMetadata", "apiVersion", "meta.k8s.io/v1",
					"metadata", Json.objectAt(object, "metadata"));
			rows.add(Json.object("cells", cells, "object", identity));
		}
		return Json.object("kind", "Table", "apiVersion", "meta.k8s.io/v1", "metadata", metadata, "columnDefinitions",
				definitions, "rows", rows);
	}

	private static JsonObject definition(String name, String format) {
		return Json.object("name", name, "type", "string", "format", format, "description", name, "priority", 0);
	}

}
