package io.kubelet.cert.test.api;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.function.Predicate;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * A part of a list: at most {@code limit} objects, and the token with which the next part
 * is requested. All parts show the objects of the same revision.
 *
 * @param metadata the metadata of the list
 * @param items the objects
 */
record Chunk(JsonObject metadata, List<JsonObject> items) {

	private static final String VERSION = "meta.k8s.io/v1";

	/**
	 * Read the part that a request is for.
	 * @throws ApiFailure 400 for a token that this server did not issue, 410 for one
	 * whose revision is no longer in the history
	 */
	static Chunk read(ObjectStore store, ResourceType type, String namespace, ApiRequest request) {
		Predicate<JsonObject> selected = Selectors.of(request, type);
		Position from = Position.of(request.parameter("continue"));
		ObjectStore.Listing listing = (from.revision > 0) ? store.list(type, namespace, from.revision)
				: store.list(type, namespace);
		if (listing == null) {
			// A real server offers to continue with what is there now
			throw ApiFailure.expiredContinuation(new Position(-1, from.start).token());
		}
		List<JsonObject> rest = listing.items()
			.stream()
			.filter((object) -> key(object, namespace).compareTo(from.start) >= 0)
			.toList();
		long limit = request.number("limit");
		List<JsonObject> items = new ArrayList<>();
		int read = 0;
		while (read < rest.size() && (limit <= 0 || items.size() < limit)) {
			JsonObject object = rest.get(read++);
			if (selected.test(object)) {
				items.add(object);
			}
		}
		JsonObject metadata = Json.object("resourceVersion", Long.toString(listing.revision()));
		if (read < rest.size()) {
			metadata.addProperty("continue",
					new Position(listing.revision(), key(rest.get(read - 1), namespace) + '\0').token());
			if (request.parameter("fieldSelector").isEmpty() && request.parameter("labelSelector").isEmpty()) {
				metadata.addProperty("remainingItemCount", rest.size() - read);
			}
		}
		return new Chunk(metadata, items);
	}

	private static String key(JsonObject object, String namespace) {
		String of = Json.text(object, "metadata", "namespace");
		return (of.isEmpty() || !namespace.isEmpty()) ? "/" + Json.text(object, "metadata", "name")
				: "/" + of + "/" + Json.text(object, "metadata", "name");
	}

	/** Where a part begins, as a real token says it. */
	private record Position(long revision, String start) {

		static Position of(String token) {
			if (token.isEmpty()) {
				return new Position(0, "");
			}
			try {
				JsonObject content = Json
					.parse(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8))
					.getAsJsonObject();
				if (!VERSION.equals(Json.text(content, "v"))) {
					throw new IllegalArgumentException("server does not recognize this encoded version");
				}
				return new Position(content.get("rv").getAsLong(), Json.text(content, "start"));
			}
			catch (IllegalArgumentException | IllegalStateException | JsonParseException ex) {
				throw ApiFailure.badRequest("continue key is not valid: " + ex.getMessage());
			}
		}

		String token() {
			String content = Json.object("v", VERSION, "rv", this.revision, "start", this.start).toString();
			return Base64.getUrlEncoder().withoutPadding().encodeToString(content.getBytes(StandardCharsets.UTF_8));
		}

	}

}
