package io.kubelet.cert.kubernetes.internal.watch;

import java.io.EOFException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonSyntaxException;
import com.google.gson.TypeAdapter;
import com.google.gson.stream.JsonReader;
import com.google.gson.stream.JsonToken;
import com.google.gson.stream.MalformedJsonException;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Response;
import org.jspecify.annotations.Nullable;

/**
 * Reads the lists and the events of a {@link Reflector}. The message of a parser quotes
 * what it parsed, so it is not passed on.
 */
final class WatchJson {

	private static final Set<String> CHANGES = Set.of("ADDED", "MODIFIED", "DELETED");

	private static final int NOT_FOUND = 404;

	/** An API server responds with a text for a path that it does not serve. */
	private static final String NOT_SERVED = """
			{"kind": "Status", "message": "the server could not find the requested resource"}""";

	private static final TypeAdapter<JsonElement> ELEMENT = new Gson().getAdapter(JsonElement.class);

	private WatchJson() {
	}

	/**
	 * Lists objects in the first version of the API that the server serves.
	 * @param selected decides which objects are kept, before the next one is read
	 * @throws ApiException if the response is a failure, or is not readable
	 */
	static Listed list(ApiClient client, Selection selection, Predicate<JsonObject> selected)
			throws ApiException, IOException {
		for (String path : selection.paths()) {
			try {
				return list(client, path, selection.selectors(), selected);
			}
			catch (ApiException ex) {
				if (ex.getCode() != NOT_FOUND) {
					throw ex;
				}
			}
		}
		throw new ApiException(NOT_FOUND, "Not served", Map.of(), NOT_SERVED);
	}

	private static Listed list(ApiClient client, String path, Map<String, String> selectors,
			Predicate<JsonObject> selected) throws ApiException, IOException {
		try (Response response = ApiObjects.list(client, path, selectors).execute()) {
			JsonReader json = ApiObjects.list(response);
			List<JsonObject> objects = new ArrayList<>();
			JsonObject list = new JsonObject();
			json.beginObject();
			while (json.hasNext()) {
				String member = json.nextName();
				if (member.equals("items") && json.peek() == JsonToken.BEGIN_ARRAY) {
					readItems(json, selected, objects);
				}
				else {
					list.add(member, ELEMENT.read(json));
				}
			}
			json.endObject();
			return new Listed(path, objects, resourceVersion(list));
		}
		catch (EOFException | MalformedJsonException ex) {
			throw new ApiException(new JsonSyntaxException(ex));
		}
		catch (RuntimeException ex) {
			throw new ApiException(ex);
		}
	}

	private static void readItems(JsonReader json, Predicate<JsonObject> selected, List<JsonObject> objects)
			throws IOException {
		json.beginArray();
		while (json.hasNext()) {
			JsonObject object = ELEMENT.read(json).getAsJsonObject();
			if (selected.test(object)) {
				objects.add(object);
			}
		}
		json.endArray();
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

	/** The objects of a list, its path, and the version to watch them from. */
	record Listed(String path, List<JsonObject> objects, String resourceVersion) {

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
