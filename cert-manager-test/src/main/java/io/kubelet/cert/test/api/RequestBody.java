package io.kubelet.cert.test.api;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.json.Json;

/**
 * Reads the object that a request carries.
 */
public final class RequestBody {

	private static final int SHOWN = 30;

	private RequestBody() {
	}

	/**
	 * The object in the body.
	 * @throws ApiFailure 415 when it is no JSON by its content type, 400 when it is none,
	 * or an object of another kind
	 */
	public static JsonObject object(ApiRequest request, ResourceType type) {
		return object(request, type.kind(), type.apiVersion(), type.internalName());
	}

	public static JsonObject object(ApiRequest request, String kind, String apiVersion, String internalName) {
		if (!request.contentType().isEmpty() && !request.contentType().equals("application/json")) {
			throw ApiFailure
				.unsupportedMediaType("application/json, application/yaml, application/vnd.kubernetes.protobuf");
		}
		JsonObject object = parse(request.body(), kind);
		String actualKind = Json.text(object, "kind");
		String actualVersion = Json.text(object, "apiVersion");
		if ((!actualKind.isEmpty() && !actualKind.equals(kind))
				|| (!actualVersion.isEmpty() && !actualVersion.equals(apiVersion))) {
			String version = actualVersion.substring(actualVersion.indexOf('/') + 1);
			throw ApiFailure.badRequest(
					"%s in version \"%s\" cannot be handled as a %s: converting (%s.%s) to (%s): unknown conversion"
						.formatted(actualKind, version, kind, version, actualKind, internalName));
		}
		return object;
	}

	/** A member of the options that a deletion may carry; empty when there are none. */
	public static JsonObject options(ApiRequest request, String member) {
		return request.body().isBlank() ? new JsonObject()
				: Json.objectAt(parse(request.body(), "DeleteOptions"), member);
	}

	private static JsonObject parse(String body, String kind) {
		String problem;
		try {
			JsonElement element = Json.parse(body);
			if (element instanceof JsonObject object) {
				return object;
			}
			problem = "json: cannot unmarshal value into Go value of type struct";
		}
		catch (JsonParseException ex) {
			problem = isCutShort(ex) ? "unexpected end of JSON input" : "invalid character";
		}
		throw ApiFailure
			.badRequest("the object provided is unrecognized (must be of type %s): couldn't get ".formatted(kind)
					+ "version/kind; json parse error: " + problem + " (" + summary(body) + ")");
	}

	private static boolean isCutShort(JsonParseException ex) {
		return ex.getCause() instanceof java.io.EOFException;
	}

	private static String summary(String body) {
		if (body.isEmpty()) {
			return "<empty>";
		}
		return (body.length() > SHOWN) ? body.substring(0, SHOWN) + " ..." : body;
	}

}
