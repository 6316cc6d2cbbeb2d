package io.kubelet.cert.test.api;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * Notes which client has set which field, as an API server does for objects that are
 * created and updated: a field belongs to the client that set it to its present value.
 */
final class ManagedFields {

	private static final String MEMBER = "managedFields";

	private ManagedFields() {
	}

	/** The name of a client: that which it states, or that of its program. */
	static String manager(ApiRequest request) {
		String stated = request.parameter("fieldManager");
		String program = request.header("User-Agent").replaceFirst("/.*", "");
		return !stated.isEmpty() ? stated : program.isEmpty() ? "unknown" : program;
	}

	/** Note, in an object, what a client has changed. */
	static void note(JsonObject object, @Nullable JsonObject existing, String manager, String now) {
		Map<List<String>, JsonElement> fields = fields(object);
		Map<List<String>, JsonElement> before = (existing != null) ? fields(existing) : Map.of();
		List<List<String>> changed = new ArrayList<>(fields.keySet());
		changed.removeIf((path) -> Objects.equals(fields.get(path), before.get(path)));
		JsonArray entries = new JsonArray();
		List<List<String>> own = new ArrayList<>(changed);
		for (JsonElement entry : Json.list(existing, "metadata", MEMBER)) {
			List<List<String>> owned = new ArrayList<>();
			collect(Json.objectAt(entry, "fieldsV1"), List.of(), owned);
			owned.removeIf((path) -> !fields.containsKey(path) || changed.contains(path));
			if (Json.text(entry, "manager").equals(manager)) {
				own.addAll(owned);
			}
			else if (!owned.isEmpty()) {
				entries.add(entry(Json.text(entry, "manager"), object, Json.text(entry, "time"), owned));
			}
		}
		if (!own.isEmpty()) {
			entries.add(entry(manager, object, now, own));
		}
		object.getAsJsonObject("metadata").add(MEMBER, entries);
	}

	private static JsonObject entry(String manager, JsonObject object, String time, List<List<String>> owned) {
		JsonObject fields = new JsonObject();
		for (List<String> path : owned) {
			JsonObject parent = fields;
			for (String step : path) {
				JsonObject child = Json.objectAt(parent, step);
				parent.add(step, child);
				parent = child;
			}
		}
		return Json.object("manager", manager, "operation", "Update", "apiVersion", Json.text(object, "apiVersion"),
				"time", time, "fieldsType", "FieldsV1", "fieldsV1", fields);
	}

	private static void collect(JsonObject fields, List<String> parent, List<List<String>> paths) {
		fields.asMap().forEach((step, below) -> {
			List<String> path = with(parent, step);
			if (below.getAsJsonObject().isEmpty()) {
				paths.add(path);
			}
			else {
				collect(below.getAsJsonObject(), path, paths);
			}
		});
	}

	/** The fields that have managers, with their values. */
	private static Map<List<String>, JsonElement> fields(JsonObject object) {
		Map<List<String>, JsonElement> fields = new LinkedHashMap<>();
		object.asMap().forEach((member, value) -> {
			if (!Set.of("apiVersion", "kind", "metadata").contains(member)) {
				add(fields, List.of("f:" + member), value);
			}
		});
		Json.pick(Json.objectAt(object, "metadata"), "annotations", "labels")
			.asMap()
			.forEach((member, value) -> add(fields, List.of("f:metadata", "f:" + member), value));
		return fields;
	}

	private static void add(Map<List<String>, JsonElement> fields, List<String> path, JsonElement value) {
		if (value instanceof JsonObject map) {
			fields.put(with(path, "."), new JsonPrimitive(true));
			map.asMap().forEach((key, element) -> fields.put(with(path, "f:" + key), element));
		}
		else {
			fields.put(path, value);
		}
	}

	private static List<String> with(List<String> path, String step) {
		List<String> longer = new ArrayList<>(path);
		longer.add(step);
		return List.copyOf(longer);
	}

}
