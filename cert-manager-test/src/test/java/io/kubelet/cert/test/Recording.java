package io.kubelet.cert.test;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.List;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * A scenario that was recorded with a real API server.
 *
 * @param name its name
 * @param exchanges what was asked and answered, in order
 */
record Recording(String name, List<Exchange> exchanges) {

	static Recording read(String name) {
		try (InputStream file = Recording.class.getResourceAsStream("/recordings/" + name + ".json")) {
			if (file == null) {
				throw new IllegalArgumentException("There is no recording " + name);
			}
			JsonElement content = Json.parse(new String(file.readAllBytes(), StandardCharsets.UTF_8));
			return new Recording(name,
					Json.list(content, "exchanges")
						.stream()
						.map((json) -> new Exchange(json.getAsJsonObject()))
						.toList());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/**
	 * A request and its response.
	 */
	record Exchange(JsonObject json) {

		String as() {
			return Json.text(this.json, "as");
		}

		String method() {
			return Json.text(this.json, "request", "method");
		}

		String path() {
			return Json.text(this.json, "request", "path");
		}

		boolean isPatch() {
			return method().equals("PATCH") && List.of(200, 406).contains(status());
		}

		@Nullable String contentType() {
			String type = Json.text(this.json, "request", "contentType");
			return type.isEmpty() ? null : type;
		}

		@Nullable JsonElement requestBody() {
			return Json.at(this.json, "request", "body");
		}

		/** Recorded as text where it is no JSON. */
		static String text(JsonElement body) {
			return (body instanceof JsonPrimitive primitive) ? primitive.getAsString() : body.toString();
		}

		int status() {
			return Json.objectAt(this.json, "response").get("status").getAsInt();
		}

		String responseType() {
			return Json.text(this.json, "response", "headers", "content-type");
		}

		String warning() {
			return Json.text(this.json, "response", "headers", "warning");
		}

		JsonElement responseBody() {
			return Json.objectAt(this.json, "response").get("body");
		}

		boolean isWatch() {
			return Json.at(this.json, "response", "events") != null;
		}

		List<JsonElement> events() {
			return Json.list(this.json, "response", "events");
		}

		@Override
		public String toString() {
			return method() + " " + path() + " as " + as();
		}

	}

}
