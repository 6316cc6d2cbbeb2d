package io.kubelet.cert.kubernetes;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import okhttp3.Call;
import okhttp3.Response;
import okhttp3.ResponseBody;
import org.jspecify.annotations.Nullable;

/**
 * Sends and receives objects of the API as JSON. The models of the Kubernetes client
 * reject fields that they do not know, such as those of a later release, and take several
 * times as long to read.
 */
public final class ApiObjects {

	private static final String MEDIA_TYPE = "application/json";

	private ApiObjects() {
	}

	/**
	 * Returns a call that creates an object.
	 * @param client the client
	 * @param path the path of the list that the object becomes part of
	 * @param object the object
	 * @return the call
	 * @throws ApiException if the call cannot be built
	 */
	public static Call create(ApiClient client, String path, JsonObject object) throws ApiException {
		return call(client, "POST", path, List.of(), object.toString().getBytes(StandardCharsets.UTF_8));
	}

	/**
	 * Returns a call that reads an object or a list.
	 * @param client the client
	 * @param path the path
	 * @param query the query parameters
	 * @return the call
	 * @throws ApiException if the call cannot be built
	 */
	public static Call read(ApiClient client, String path, List<Pair> query) throws ApiException {
		return call(client, "GET", path, query, null);
	}

	private static Call call(ApiClient client, String method, String path, List<Pair> query, byte @Nullable [] body)
			throws ApiException {
		Map<String, String> headers = new HashMap<>(Map.of("Accept", MEDIA_TYPE));
		if (body != null) {
			headers.put("Content-Type", MEDIA_TYPE);
		}
		return client.buildCall(null, path, method, query, List.of(), body, headers, new HashMap<>(), new HashMap<>(),
				new String[0], null);
	}

	/**
	 * Returns the body of an answer.
	 * @param client the client
	 * @param answer the answer
	 * @return the body
	 * @throws ApiException if the answer is a failure
	 */
	public static ResponseBody body(ApiClient client, Response answer) throws ApiException {
		if (!answer.isSuccessful()) {
			client.handleResponse(answer, String.class);
		}
		return answer.body();
	}

	/**
	 * Reads an object.
	 * @param json its JSON
	 * @return the object
	 * @throws JsonParseException if it is not JSON, or not an object
	 */
	public static JsonObject object(String json) {
		if (JsonParser.parseString(json) instanceof JsonObject object) {
			return object;
		}
		throw new JsonParseException("Not an object");
	}

	/**
	 * Reads an object of a kind.
	 * @param json its JSON, {@code null} for none
	 * @param kind the kind
	 * @return the object, {@code null} if it is something else
	 */
	public static @Nullable JsonObject ofKind(@Nullable String json, String kind) {
		try {
			JsonObject object = (json != null) ? object(json) : null;
			return kind.equals(text(object, "kind")) ? object : null;
		}
		catch (JsonParseException ex) {
			return null;
		}
	}

	/**
	 * Returns a member that is an object.
	 * @param object the object, {@code null} for none
	 * @param member the name of the member
	 * @return the member, {@code null} if there is none
	 */
	public static @Nullable JsonObject member(@Nullable JsonObject object, String member) {
		return (object != null && object.get(member) instanceof JsonObject found) ? found : null;
	}

	/**
	 * Returns the text of a member.
	 * @param object the object, {@code null} for none
	 * @param member the name of the member
	 * @return the text, {@code null} if there is none
	 */
	public static @Nullable String text(@Nullable JsonObject object, String member) {
		JsonElement value = (object != null) ? object.get(member) : null;
		return (value != null && value.isJsonPrimitive()) ? value.getAsString() : null;
	}

}
