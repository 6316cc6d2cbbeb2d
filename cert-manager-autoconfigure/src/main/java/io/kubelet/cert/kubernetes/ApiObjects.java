package io.kubelet.cert.kubernetes;

import java.time.OffsetDateTime;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import io.kubernetes.client.openapi.JSON;

/**
 * Reads objects of the API as its clients must: fields that are not known here, such as
 * those of a later release, are ignored. The Kubernetes client itself rejects them.
 */
public final class ApiObjects {

	private static final Gson GSON = JSON.createGson()
		.registerTypeAdapter(OffsetDateTime.class, new JSON.OffsetDateTimeTypeAdapter())
		.registerTypeAdapter(byte[].class, new JSON.ByteArrayAdapter())
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

}
