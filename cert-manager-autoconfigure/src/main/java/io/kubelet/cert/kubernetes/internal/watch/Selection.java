package io.kubelet.cert.kubernetes.internal.watch;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiClient;
import okhttp3.Call;

/**
 * Selects the objects of a list or a watch.
 *
 * @param paths the path of the list, such as {@code /api/v1/nodes}, in the versions of
 * the API in which the objects may be served, the preferred one first
 * @param selectors the query parameters that select
 */
public record Selection(List<String> paths, Map<String, String> selectors) {

	/** The query parameter that selects by fields. */
	public static final String FIELDS = "fieldSelector";

	/** The query parameter that selects by labels. */
	public static final String LABELS = "labelSelector";

	private static final int GRACE_SECONDS = 30;

	/**
	 * Selects the object of a name.
	 * @param name the name
	 * @param paths the path of the list, in each version of the API
	 * @return the selection
	 */
	public static Selection byName(String name, String... paths) {
		return new Selection(List.of(paths), Map.of(FIELDS, "metadata.name=" + name));
	}

	/**
	 * Selects the objects with a label.
	 * @param path the path of the list
	 * @param label the name of the label
	 * @param value the value of the label
	 * @return the selection
	 */
	public static Selection byLabel(String path, String label, String value) {
		return new Selection(List.of(path), Map.of(LABELS, label + "=" + value));
	}

	/** The server ends a watch in time, unless something between answers for it. */
	Call watch(ApiClient client, String path, String resourceVersion, int seconds) {
		Map<String, String> query = new HashMap<>(this.selectors);
		query.putAll(Map.of("watch", "true", "allowWatchBookmarks", "true", "resourceVersion", resourceVersion,
				"timeoutSeconds", String.valueOf(seconds)));
		Call call = ApiObjects.list(client, path, query);
		call.timeout().timeout(seconds + GRACE_SECONDS, TimeUnit.SECONDS);
		return call;
	}

}
