package io.kubelet.cert.kubernetes;

import java.nio.charset.StandardCharsets;
import java.time.OffsetDateTime;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

import com.google.gson.ExclusionStrategy;
import com.google.gson.FieldAttributes;
import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import okhttp3.Call;

/**
 * Reads objects of the API as its clients must: fields that are not known here, such as
 * those of a later release, are ignored. The Kubernetes client itself rejects them, and
 * takes several times as long.
 */
public final class ApiObjects {

	/** Parsing them would take longer than the rest of an object. */
	private static final Set<String> UNUSED = Set.of("managedFields", "lastUpdateTime", "lastTransitionTime");

	private static final String MEDIA_TYPE = "application/json";

	private static final Gson GSON = JSON.createGson()
		.registerTypeAdapter(OffsetDateTime.class, new JSON.OffsetDateTimeTypeAdapter())
		.registerTypeAdapter(byte[].class, new JSON.ByteArrayAdapter())
		.setExclusionStrategies(new ExclusionStrategy() {

			@Override
			public boolean shouldSkipField(FieldAttributes field) {
				return UNUSED.contains(field.getName());
			}

			@Override
			public boolean shouldSkipClass(Class<?> type) {
				return false;
			}

		})
		.create();

	private ApiObjects() {
	}

	/**
	 * Reads an object.
	 * @param <T> the type of object
	 * @param json its JSON
	 * @param type the type of object, a model of the Kubernetes client
	 * @return the object
	 * @throws com.google.gson.JsonParseException if it cannot be read
	 */
	public static <T> T read(String json, Class<T> type) {
		return GSON.fromJson(json, type);
	}

	/**
	 * Reads an object.
	 * @param <T> the type of object
	 * @param json its JSON
	 * @param type the type of object, a model of the Kubernetes client
	 * @return the object
	 * @throws com.google.gson.JsonParseException if it cannot be read
	 */
	public static <T> T read(JsonElement json, Class<T> type) {
		return GSON.fromJson(json, type);
	}

	/**
	 * Returns a call that creates an object.
	 * @param client the client
	 * @param path the path of the list that the object becomes part of
	 * @param object the object, a model of the Kubernetes client
	 * @return the call
	 * @throws ApiException if the call cannot be built
	 */
	public static Call create(ApiClient client, String path, Object object) throws ApiException {
		return client.buildCall(null, path, "POST", List.of(), List.of(),
				GSON.toJson(object).getBytes(StandardCharsets.UTF_8),
				new HashMap<>(Map.of("Accept", MEDIA_TYPE, "Content-Type", MEDIA_TYPE)), new HashMap<>(),
				new HashMap<>(), new String[0], null);
	}

}
