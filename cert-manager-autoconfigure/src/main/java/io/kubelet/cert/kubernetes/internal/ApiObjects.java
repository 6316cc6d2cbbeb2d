package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import com.google.gson.JsonParser;
import com.google.gson.stream.JsonReader;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import okhttp3.Callback;
import okhttp3.HttpUrl;
import okhttp3.MediaType;
import okhttp3.Request;
import okhttp3.RequestBody;
import okhttp3.Response;
import okio.Buffer;
import okio.BufferedSource;
import okio.ForwardingSource;
import okio.Okio;
import org.jspecify.annotations.Nullable;

/**
 * Sends and receives objects of the API as JSON. The models of the Kubernetes client
 * reject fields that they do not know, such as those of a later release, and take several
 * times as long to read.
 */
public final class ApiObjects {

	private static final long MEBIBYTE = 1024 * 1024;

	private static final MediaType MEDIA_TYPE = MediaType.get("application/json");

	/** Shown in the audit log of the API server, and as the manager of fields. */
	public static final String USER_AGENT = "spring-boot-cert-manager";

	/** Limits a call, from connecting to the end of the response. A watch has its own. */
	private static final Duration TIMEOUT = Duration.ofSeconds(30);

	/** Objects have at most 1.5 MiB, unless etcd is configured otherwise. */
	private static final int MEBIBYTES = 4;

	/**
	 * Enough for thousands of requests, of which only those are kept that are awaited.
	 */
	private static final int MEBIBYTES_OF_LIST = 64;

	/** Creating one costs more than writing an object. */
	private static final Gson GSON = new Gson();

	private ApiObjects() {
	}

	/**
	 * Returns a call that creates an object.
	 * @param client the client
	 * @param path the path of the list that the object becomes part of
	 * @param object the object
	 * @return the call
	 */
	public static Call create(ApiClient client, String path, JsonObject object) {
		return call(client, request(url(client, path).build()).post(json(object)));
	}

	/**
	 * Returns a call that replaces an object.
	 * @param client the client
	 * @param path the path of the list that the object is part of
	 * @param name the name of the object
	 * @param object the new object, with the version that it replaces
	 * @return the call
	 */
	public static Call replace(ApiClient client, String path, String name, JsonObject object) {
		return call(client, request(url(client, path).addPathSegment(name).build()).put(json(object)));
	}

	/**
	 * Returns a call that reads an object.
	 * @param client the client
	 * @param path the path of the list that the object is part of
	 * @param name the name of the object
	 * @return the call
	 */
	public static Call read(ApiClient client, String path, String name) {
		return call(client, request(url(client, path).addPathSegment(name).build()));
	}

	/**
	 * Returns a call that deletes an object.
	 * @param client the client
	 * @param path the path of the list that the object is part of
	 * @param name the name of the object
	 * @param uid the UID that the object must have
	 * @return the call
	 */
	public static Call delete(ApiClient client, String path, String name, String uid) {
		JsonObject options = object(
				Map.of("apiVersion", "v1", "kind", "DeleteOptions", "preconditions", Map.of("uid", uid)));
		return call(client, request(url(client, path).addPathSegment(name).build()).delete(json(options)));
	}

	/**
	 * Returns a call that reads a list.
	 * @param client the client
	 * @param path the path of the list
	 * @param query the query parameters
	 * @return the call
	 */
	public static Call list(ApiClient client, String path, Map<String, String> query) {
		HttpUrl.Builder url = url(client, path);
		query.forEach(url::addQueryParameter);
		return call(client, request(url.build()));
	}

	private static HttpUrl.Builder url(ApiClient client, String path) {
		return HttpUrl.get(client.getBasePath() + path).newBuilder();
	}

	private static Request.Builder request(HttpUrl url) {
		return new Request.Builder().url(url).header("Accept", MEDIA_TYPE.toString()).header("User-Agent", USER_AGENT);
	}

	private static RequestBody json(JsonObject object) {
		return RequestBody.create(object.toString().getBytes(StandardCharsets.UTF_8), MEDIA_TYPE);
	}

	private static Call call(ApiClient client, Request.Builder request) {
		Call call = client.getHttpClient().newCall(request.build());
		call.timeout().timeout(TIMEOUT.toSeconds(), TimeUnit.SECONDS);
		return call;
	}

	/**
	 * Sends a call.
	 * @param call the call
	 * @return the object in the response; a failure is an {@link ApiException} if the
	 * server has responded with one, otherwise what prevented a response
	 */
	public static CompletableFuture<JsonObject> send(Call call) {
		CompletableFuture<JsonObject> result = new CompletableFuture<>();
		call.enqueue(new Callback() {

			@Override
			public void onResponse(Call call, Response response) {
				try (response) {
					result.complete(object(response));
				}
				catch (Throwable ex) {
					result.completeExceptionally(ex);
				}
			}

			@Override
			public void onFailure(Call call, IOException ex) {
				// OkHttp wraps what is thrown while it sends
				result.completeExceptionally((ex.getCause() instanceof Error error) ? error : ex);
			}

		});
		return result;
	}

	/**
	 * Executes a call that is about one object.
	 * @param call the call
	 * @return the object in the response
	 * @throws ApiException if the response is a failure
	 * @throws ResponseTooLargeException if the response is larger than 4 MiB
	 * @throws IOException if there is no response
	 * @throws JsonParseException if the response is no object
	 */
	public static JsonObject execute(Call call) throws ApiException, IOException {
		try (Response response = call.execute()) {
			return object(response);
		}
	}

	private static JsonObject object(Response response) throws ApiException, IOException {
		return object(limited(stream(response), MEBIBYTES).readUtf8());
	}

	/** Returns the body of a response, as {@link #stream} does, up to 64 MiB of it. */
	public static JsonReader list(Response response) throws ApiException, IOException {
		BufferedSource body = limited(stream(response), MEBIBYTES_OF_LIST);
		return new JsonReader(new InputStreamReader(body.inputStream(), StandardCharsets.UTF_8));
	}

	/**
	 * Returns the body of a response as a stream, which has no limit.
	 * @param response the response
	 * @return the body
	 * @throws ApiException if the response is a failure
	 * @throws IOException if the body of the failure cannot be read
	 */
	public static BufferedSource stream(Response response) throws ApiException, IOException {
		BufferedSource body = response.body().source();
		if (!response.isSuccessful()) {
			throw new ApiException(response.message(), response.code(), response.headers().toMultimap(),
					limited(body, MEBIBYTES).readUtf8());
		}
		return body;
	}

	/** Only what is read of the body is in memory. */
	private static BufferedSource limited(BufferedSource body, int mebibytes) {
		return Okio.buffer(new ForwardingSource(body) {

			private long left = mebibytes * MEBIBYTE;

			@Override
			public long read(Buffer sink, long byteCount) throws IOException {
				long count = super.read(sink, byteCount);
				this.left -= count;
				if (this.left < 0) {
					throw new ResponseTooLargeException(mebibytes);
				}
				return count;
			}

		});
	}

	/**
	 * Reads the next line of a stream, {@code null} at its end.
	 * @throws ResponseTooLargeException if the line is too large
	 * @throws IOException if it cannot be read
	 */
	public static @Nullable String line(BufferedSource stream) throws IOException {
		long end = stream.indexOf((byte) '\n', 0, MEBIBYTES * MEBIBYTE + 1);
		if (end < 0 && stream.getBuffer().size() > MEBIBYTES * MEBIBYTE) {
			throw new ResponseTooLargeException(MEBIBYTES);
		}
		return stream.readUtf8Line();
	}

	/**
	 * Creates an object.
	 * @param members its members: texts, lists, maps or JSON
	 * @return the object
	 */
	public static JsonObject object(Map<String, ?> members) {
		return GSON.toJsonTree(members).getAsJsonObject();
	}

	/** Reads an object, or throws a {@link JsonParseException}. */
	public static JsonObject object(String json) {
		return object(JsonParser.parseString(json));
	}

	/** Returns an element as an object, or throws a {@link JsonParseException}. */
	public static JsonObject object(JsonElement element) {
		if (element instanceof JsonObject object) {
			return object;
		}
		throw new JsonParseException("Not an object");
	}

	/** Reads an object of a kind, {@code null} if it is something else. */
	public static @Nullable JsonObject ofKind(@Nullable String json, String kind) {
		try {
			JsonObject object = (json != null) ? object(json) : null;
			return kind.equals(text(object, "kind")) ? object : null;
		}
		catch (JsonParseException ex) {
			return null;
		}
	}

	/** Returns a member that is an object, an empty one if there is none. */
	public static JsonObject member(JsonObject object, String member) {
		return (object.get(member) instanceof JsonObject found) ? found : new JsonObject();
	}

	/**
	 * Returns a member of the metadata that every object of the API has, such as a name,
	 * or throws a {@link JsonParseException}.
	 */
	public static String identity(JsonObject metadata, String member) {
		String text = text(metadata, member);
		if (text == null) {
			throw new JsonParseException("An object of the API without " + member);
		}
		return text;
	}

	/** Returns the text of a member, {@code null} if there is none. */
	public static @Nullable String text(@Nullable JsonObject object, String member) {
		JsonElement value = (object != null) ? object.get(member) : null;
		return (value != null && value.isJsonPrimitive()) ? value.getAsString() : null;
	}

	/** A response (unpacked) or a line of a watch is larger than its limit. */
	public static final class ResponseTooLargeException extends IOException {

		ResponseTooLargeException(int mebibytes) {
			super("larger than %d MiB".formatted(mebibytes));
		}

	}

}
