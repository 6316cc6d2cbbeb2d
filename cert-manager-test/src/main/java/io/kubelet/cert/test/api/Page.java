package io.kubelet.cert.test.api;

import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.List;

import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * One page of a list.
 *
 * @param metadata the list's metadata
 * @param items the items of the page
 */
public record Page(JsonObject metadata, List<JsonObject> items) {

	public static Page of(ApiRequest request, long revision, List<JsonObject> all) {
		List<JsonObject> items = all;
		String token = request.parameter("continue");
		if (!token.isEmpty()) {
			String start = start(token);
			items = all.stream().filter((item) -> position(item).compareTo(start) >= 0).toList();
		}
		JsonObject metadata = Json.object("resourceVersion", Long.toString(revision));
		long limit = request.number("limit");
		if (limit > 0 && items.size() > limit) {
			int remaining = items.size() - (int) limit;
			items = items.subList(0, (int) limit);
			metadata.addProperty("continue", token(revision, items.get(items.size() - 1)));
			if (request.parameter("fieldSelector").isEmpty() && request.parameter("labelSelector").isEmpty()) {
				metadata.addProperty("remainingItemCount", remaining);
			}
		}
		return new Page(metadata, items);
	}

	private static String token(long revision, JsonObject last) {
		String json = Json.object("v", "meta.k8s.io/v1", "rv", revision, "start", position(last) + '\0').toString();
		return Base64.getUrlEncoder().withoutPadding().encodeToString(json.getBytes(StandardCharsets.UTF_8));
	}

	private static String start(String token) {
		try {
			return Json.text(Json.parse(new String(Base64.getUrlDecoder().decode(token), StandardCharsets.UTF_8)),
					"start");
		}
		catch (IllegalArgumentException | JsonParseException ex) {
			throw ApiFailure.badRequest("continue key is not valid: " + ex.getMessage());
		}
	}

	private static String position(JsonObject item) {
		String namespace = Json.text(item, "metadata", "namespace");
		return (namespace.isEmpty() ? "" : "/" + namespace) + "/" + Json.text(item, "metadata", "name");
	}

}
