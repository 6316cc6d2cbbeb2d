package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.util.Iterator;
import java.util.Map;
import java.util.function.Predicate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;

/**
 * Lists objects in the first version of the API that the server serves.
 */
final class Lister {

	private static final int FORBIDDEN = 403;

	private static final int NOT_FOUND = 404;

	private static final String NOT_SERVED = """
			{"kind": "Status", "message": "the server could not find the requested resource"}""";

	private final Selection selection;

	private String path;

	Lister(Selection selection) {
		this.selection = selection;
		this.path = selection.paths().get(0);
	}

	/** Returns the path in the version that the server serves, as far as known. */
	String path() {
		return this.path;
	}

	/**
	 * Returns the wanted objects. A version that the server does not serve is not found.
	 * It is forbidden if the user lacks the permission as well.
	 */
	WatchJson.Listed list(ApiClient client, Predicate<JsonObject> wanted) throws ApiException, IOException {
		Iterator<String> paths = this.selection.paths().iterator();
		while (true) {
			this.path = paths.next();
			try {
				return WatchJson.listed(ApiObjects.list(client, this.path, this.selection.selectors()), wanted);
			}
			catch (ApiException ex) {
				boolean served = ex.getCode() != NOT_FOUND && (ex.getCode() != FORBIDDEN || isServed(client));
				if (served || !paths.hasNext()) {
					throw served ? ex : new ApiException(NOT_FOUND, "Not served", Map.of(), NOT_SERVED);
				}
			}
		}
	}

	/**
	 * Asks the discovery of the API. The server forbids what it does not serve, unless
	 * the user has the permission for it.
	 */
	private boolean isServed(ApiClient client) throws IOException {
		String version = this.path.replaceFirst("(/namespaces/[^/]+)?/[^/]+$", "");
		String plural = this.path.substring(this.path.lastIndexOf('/') + 1);
		try {
			JsonObject discovery = ApiObjects.execute(ApiObjects.list(client, version, Map.of()));
			return !(discovery.get("resources") instanceof JsonArray all) || all.asList()
				.stream()
				.anyMatch((resource) -> plural.equals(ApiObjects.text(resource.getAsJsonObject(), "name")));
		}
		catch (ApiException ex) {
			return ex.getCode() != NOT_FOUND;
		}
		catch (JsonParseException | IllegalStateException ex) {
			return true;
		}
	}

}
