package io.kubelet.cert.test.api;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * Applies patches: JSON patch (RFC 6902), merge patch (RFC 7396) and, as far as merging
 * lists by {@code type} goes, strategic merge patch.
 */
public final class Patch {

	private static final String ACCEPTED = "application/json-patch+json, application/merge-patch+json, "
			+ "application/strategic-merge-patch+json";

	private Patch() {
	}

	/**
	 * Apply the patch in the body.
	 * @param target is changed
	 * @param mergedByType the list members that a strategic merge patch merges
	 * @throws ApiFailure 415 for another kind of patch, 400 or 422 for one that cannot be
	 * applied
	 */
	public static JsonObject apply(ApiRequest request, JsonObject target, Set<String> mergedByType) {
		boolean operations = request.contentType().equals("application/json-patch+json");
		boolean strategic = request.contentType().equals("application/strategic-merge-patch+json");
		if (!operations && !strategic && !request.contentType().equals("application/merge-patch+json")) {
			throw ApiFailure.unsupportedMediaType(ACCEPTED);
		}
		JsonElement patch;
		try {
			patch = Json.parse(request.body());
		}
		catch (JsonParseException ex) {
			throw ApiFailure.badRequest("error decoding patch: " + ex.getMessage());
		}
		if (operations && patch instanceof JsonArray array) {
			array.forEach((operation) -> operate(target, operation));
		}
		else if (!operations && patch instanceof JsonObject object) {
			merge(target, object, strategic ? mergedByType : Set.of());
		}
		else {
			throw ApiFailure.badRequest("error decoding patch: not of the announced form");
		}
		return target;
	}

	private static void merge(JsonObject target, JsonObject patch, Set<String> mergedByType) {
		patch.entrySet().forEach((member) -> {
			String name = member.getKey();
			JsonElement value = member.getValue();
			if (value instanceof JsonNull) {
				target.remove(name);
			}
			else if (value instanceof JsonObject object) {
				JsonObject into = Json.objectAt(target, name);
				merge(into, object, mergedByType);
				target.add(name, into);
			}
			else if (value instanceof JsonArray array && mergedByType.contains(name)) {
				target.add(name, mergeByType(Json.list(target, name), array));
			}
			else {
				target.add(name, value.deepCopy());
			}
		});
	}

	/** What the patch names comes first, in its order; then what it does not name. */
	private static JsonArray mergeByType(List<JsonElement> existing, JsonArray patch) {
		List<JsonElement> rest = new ArrayList<>(existing);
		JsonArray merged = new JsonArray();
		for (JsonElement element : patch) {
			String type = Json.text(element, "type");
			JsonObject into = new JsonObject();
			rest.removeIf((candidate) -> {
				boolean same = Json.text(candidate, "type").equals(type);
				if (same) {
					merge(into, candidate.getAsJsonObject(), Set.of());
				}
				return same;
			});
			merge(into, element.getAsJsonObject(), Set.of());
			merged.add(into);
		}
		rest.forEach(merged::add);
		return merged;
	}

	private static void operate(JsonObject target, JsonElement operation) {
		String path = Json.text(operation, "path");
		int slash = path.lastIndexOf('/');
		if (slash < 0) {
			throw ApiFailure.badRequest("error decoding patch: path must begin with '/'");
		}
		JsonElement parent = resolve(target, path.substring(0, slash));
		String last = unescape(path.substring(slash + 1));
		JsonElement value = Json.at(operation, "value");
		switch (Json.text(operation, "op")) {
			case "add", "replace" -> put(parent, last, (value != null) ? value.deepCopy() : JsonNull.INSTANCE,
					Json.text(operation, "op").equals("add"));
			case "remove" -> remove(parent, last, path);
			case "test" -> {
				if (!resolve(target, path).equals(value)) {
					throw ApiFailure.badRequest("testing value " + path + " failed");
				}
			}
			default -> throw ApiFailure.badRequest("error decoding patch: unsupported operation");
		}
	}

	private static JsonElement resolve(JsonElement from, String path) {
		JsonElement current = from;
		for (String part : path.isEmpty() ? new String[0] : path.substring(1).split("/")) {
			String name = unescape(part);
			JsonElement next = null;
			if (current instanceof JsonObject object) {
				next = object.get(name);
			}
			else if (current instanceof JsonArray array && name.matches("\\d{1,6}")
					&& Integer.parseInt(name) < array.size()) {
				next = array.get(Integer.parseInt(name));
			}
			if (next == null) {
				throw ApiFailure.badRequest("the server rejected our request due to an error in our request: " + path);
			}
			current = next;
		}
		return current;
	}

	private static void put(JsonElement parent, String name, JsonElement value, boolean insert) {
		if (parent instanceof JsonObject object) {
			object.add(name, value);
			return;
		}
		JsonArray array = parent.getAsJsonArray();
		int index = name.equals("-") ? array.size() : Integer.parseInt(name);
		if (!insert) {
			array.set(index, value);
			return;
		}
		array.add(value);
		for (int i = array.size() - 1; i > index; i--) {
			array.set(i, array.get(i - 1));
		}
		array.set(index, value);
	}

	private static void remove(JsonElement parent, String name, String path) {
		boolean removed = (parent instanceof JsonObject object) ? object.remove(name) != null
				: parent.getAsJsonArray().remove(Integer.parseInt(name)) != null;
		if (!removed) {
			throw ApiFailure.badRequest("remove operation does not apply: doc is missing path: " + path);
		}
	}

	private static String unescape(String part) {
		return part.replace("~1", "/").replace("~0", "~");
	}

}
