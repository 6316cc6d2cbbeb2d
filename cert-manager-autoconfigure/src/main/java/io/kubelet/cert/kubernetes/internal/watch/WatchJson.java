package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lists and the events of a {@link Reflector}. The message of a parser quotes
 * what it parsed, so it is not passed on.
 */
final class WatchJson {

	private static final Set<String> CHANGES = Set.of("ADDED", "MODIFIED", "DELETED");

	private WatchJson() {
	}

	/**
	 * Reads a list.
	 * @throws ApiException if the answer is a failure, or is not readable
	 */
	static Listed listed(Call call) throws ApiException, IOException {
		try {
			JsonObject list = ApiObjects.executeList(call);
			List<JsonObject> objects = new ArrayList<>();
			if (list.get("items") instanceof JsonArray items) {
				items.forEach((item) -> objects.add(item.getAsJsonObject()));
			}
			return new Listed(objects, resourceVersion(list));
		}
		catch (RuntimeException ex) {
			throw new ApiException(ex);
		}
	}

	/**
	 * Reads an event.
	 * @throws ApiException if the event is an error, or is not readable
	 */
	static Event event(String line) throws ApiException {
		try {
			JsonObject event = ApiObjects.object(line);
			String kind = event.get("type").getAsString();
			JsonObject object = event.getAsJsonObject("object");
			if (kind.equals("ERROR")) {
				throw new ApiException(object.has("code") ? object.get("code").getAsInt() : 500,
						"The server ended the watch with an error");
			}
			return new Event(CHANGES.contains(kind) ? object : null, kind.equals("DELETED"), resourceVersion(object));
		}
		catch (RuntimeException ex) {
			throw new ApiException(ex);
		}
	}

	private static String resourceVersion(JsonObject listOrObject) {
		return listOrObject.getAsJsonObject("metadata").get("resourceVersion").getAsString();
	}

	/** The objects of a list, and the version to watch them from. */
	record Listed(List<JsonObject> objects, String resourceVersion) {

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
