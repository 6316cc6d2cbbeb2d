package io.kubelet.cert.kubernetes.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lists and the events of a {@link Reflector}. The message of a parser quotes
 * what it parsed, so it is not passed on.
 */
final class WatchJson {

	private static final Set<String> CHANGES = Set.of("ADDED", "MODIFIED", "DELETED");

	private WatchJson() {
	}

	static Listed listed(String json) throws ApiException {
		return parse(() -> {
			JsonObject list = ApiObjects.object(json);
			List<JsonObject> objects = new ArrayList<>();
			if (list.get("items") instanceof JsonArray items) {
				items.forEach((item) -> objects.add(item.getAsJsonObject()));
			}
			String token = ApiObjects.text(list.getAsJsonObject("metadata"), "continue");
			return new Listed(objects, resourceVersion(list), (token != null) ? token : "");
		});
	}

	/**
	 * Reads an event.
	 * @throws ApiException if the event is an error, or is not readable
	 */
	static Event event(String line) throws ApiException {
		JsonObject event = parse(() -> ApiObjects.object(line));
		String kind = parse(() -> event.get("type").getAsString());
		JsonObject object = parse(() -> event.getAsJsonObject("object"));
		if (kind.equals("ERROR")) {
			int code = parse(() -> object.has("code") ? object.get("code").getAsInt() : 500);
			throw new ApiException(code, "The server ended the watch with an error");
		}
		return parse(() -> new Event(CHANGES.contains(kind) ? object : null, kind.equals("DELETED"),
				resourceVersion(object)));
	}

	private static String resourceVersion(JsonObject listOrObject) {
		return listOrObject.getAsJsonObject("metadata").get("resourceVersion").getAsString();
	}

	private static <V> V parse(Supplier<V> parser) throws ApiException {
		try {
			return parser.get();
		}
		catch (RuntimeException ex) {
			throw new ApiException(ex);
		}
	}

	/**
	 * A page of a list.
	 *
	 * @param next the token for the next page, empty if this is the last one
	 */
	record Listed(List<JsonObject> objects, String resourceVersion, String next) {

	}

	/**
	 * What happened to an object.
	 *
	 * @param object the object, {@code null} for other events, such as bookmarks, which
	 * contain nothing but a resource version
	 */
	record Event(@Nullable JsonObject object, boolean deletes, String resourceVersion) {

	}

}
