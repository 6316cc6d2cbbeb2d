package io.kubelet.cert.test.api;

import java.io.EOFException;
import java.nio.charset.StandardCharsets;

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
	 * @throws ApiFailure 415 when its content type is another one, 400 when it is none,
	 * or an object of another kind
	 */
	static JsonObject object(ApiRequest request, ResourceType type) {
		return object(request, type.kind(), type.apiVersion(), type.internalName());
	}

	/** The options of a deletion. */
	static JsonObject deleteOptions(ApiRequest request) {
		return parse(new String(request.body(), StandardCharsets.UTF_8), "DeleteOptions");
	}

	public static JsonObject object(ApiRequest request, String kind, String apiVersion, String internalName) {
		JsonObject object = switch (request.contentType()) {
			case "", "application/json" -> parse(new String(request.body(), StandardCharsets.UTF_8), kind);
			// What kubectl sends to approve or deny a request
			case "application/vnd.kubernetes.protobuf" -> throw ApiFailure.unsupportedMediaType(
					"application/json; to decide on a request, call EmbeddedControlPlane.approve(name) or deny");
			default -> throw ApiFailure
				.unsupportedMediaType("application/json, application/yaml, application/vnd.kubernetes.protobuf");
		};
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
			problem = (ex.getCause() instanceof EOFException) ? "unexpected end of JSON input" : "invalid character";
		}
		String shown = body.isEmpty() ? "<empty>" : (body.length() > SHOWN) ? body.substring(0, SHOWN) + " ..." : body;
		throw ApiFailure
			.badRequest("the object provided is unrecognized (must be of type %s): couldn't get ".formatted(kind)
					+ "version/kind; json parse error: " + problem + " (" + shown + ")");
	}

}
