package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.function.Predicate;

import com.google.gson.JsonArray;
import com.google.gson.JsonObject;
import com.google.gson.JsonParseException;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.ApiObjects.AnswerTooLargeException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Response;

/**
 * Lists objects page by page, in the first version of the API that the server serves. All
 * pages show the same state, and only what is wanted of them is kept.
 */
final class Lister {

	private static final int FORBIDDEN = 403;

	private static final int NOT_FOUND = 404;

	private static final int LARGEST_PAGE = 100;

	/** Of all pages, in characters. */
	private static final int MAXIMUM_SIZE = 64 * 1024 * 1024;

	/** Empty pages need not end either. */
	private static final int MAXIMUM_PAGES = 1024;

	private static final String NOT_SERVED = """
			{"kind": "Status", "message": "the server could not find the requested resource"}""";

	private final Selection selection;

	private final Predicate<JsonObject> wanted;

	private final BooleanSupplier closed;

	private String path;

	private int pageSize;

	private int size;

	Lister(Selection selection, Predicate<JsonObject> wanted, BooleanSupplier closed) {
		this.selection = selection;
		this.path = selection.paths().get(0);
		this.wanted = wanted;
		this.closed = closed;
	}

	/** Returns the path in the version that the server serves, as far as known. */
	String path() {
		return this.path;
	}

	/** Returns all objects that are wanted. */
	WatchJson.Listed list(ApiClient client) throws ApiException, IOException {
		this.pageSize = LARGEST_PAGE;
		this.size = 0;
		List<JsonObject> found = new ArrayList<>();
		WatchJson.Listed page = firstPage(client);
		page.objects().stream().filter(this.wanted).forEach(found::add);
		while (!page.next().isEmpty() && !this.closed.getAsBoolean()) {
			if (this.size >= MAXIMUM_SIZE) {
				throw new AnswerTooLargeException("64 MiB or 1,024 pages");
			}
			page = page(client, page.next());
			page.objects().stream().filter(this.wanted).forEach(found::add);
		}
		return new WatchJson.Listed(found, page.resourceVersion(), "");
	}

	/**
	 * A version that the server does not serve is not found. It is forbidden if the user
	 * lacks the permission as well.
	 */
	private WatchJson.Listed firstPage(ApiClient client) throws ApiException, IOException {
		Iterator<String> paths = this.selection.paths().iterator();
		while (true) {
			this.path = paths.next();
			try {
				return page(client, "");
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
		try (Response answer = ApiObjects.list(client, version, Map.of()).execute()) {
			JsonObject discovery = ApiObjects.object(ApiObjects.body(answer));
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

	/** Objects that others have padded can make a page too large, but not one object. */
	private WatchJson.Listed page(ApiClient client, String next) throws ApiException, IOException {
		while (true) {
			try (Response response = this.selection.list(client, this.path, this.pageSize, next).execute()) {
				String json = ApiObjects.body(response);
				this.size += Math.max(json.length(), MAXIMUM_SIZE / MAXIMUM_PAGES);
				return WatchJson.listed(json);
			}
			catch (AnswerTooLargeException ex) {
				if (this.pageSize == 1) {
					throw ex;
				}
				this.pageSize /= 10;
			}
		}
	}

}
