package io.kubelet.cert.kubernetes.watch;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lists and the events of an {@link ObjectWatch}. The message of a parser
 * quotes what it parsed, so it is not passed on.
 */
final class WatchJson {

	private static final Set<String> CHANGES = Set.of("ADDED", "MODIFIED", "DELETED");

	private WatchJson() {
	}

	static <T> Listed<T> listed(JsonObject list, Class<T> type) throws ApiException {
		return parse(() -> {
			List<T> objects = new ArrayList<>();
			if (list.get("items") instanceof JsonArray items) {
				items.forEach((item) -> objects.add(ApiObjects.read(item, type)));
			}
			return new Listed<>(objects, resourceVersion(list));
		});
	}

	/**
	 * Reads an event.
	 * @throws ApiException if the event is an error, or is not readable
	 */
	static <T> Event<T> event(String line, Class<T> type) throws ApiException {
		JsonObject event = parse(() -> JsonParser.parseString(line).getAsJsonObject());
		String kind = parse(() -> event.get("type").getAsString());
		JsonObject json = parse(() -> event.getAsJsonObject("object"));
		if (kind.equals("ERROR")) {
			int code = parse(() -> json.has("code") ? json.get("code").getAsInt() : 500);
			throw new ApiException(code, "The server ended the watch with an error");
		}
		return parse(() -> new Event<>(CHANGES.contains(kind) ? ApiObjects.read(json, type) : null,
				kind.equals("DELETED"), resourceVersion(json)));
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
	 * All objects.
	 */
	record Listed<T>(List<T> objects, String resourceVersion) {

	}

	/**
	 * What happened to an object.
	 *
	 * @param object the object, {@code null} for other events, such as bookmarks, which
	 * contain nothing but a resource version
	 */
	record Event<T>(@Nullable T object, boolean deletes, String resourceVersion) {

	}

}
