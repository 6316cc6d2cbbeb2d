package io.kubelet.cert.kubernetes;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.Pair;
import okhttp3.Call;

/**
 * Selects the objects of a list or a watch.
 *
 * @param <T> the type of object
 * @param type the type of object
 * @param path the path of the list, such as {@code /api/v1/nodes}
 * @param parameter the query parameter that contains the selector
 * @param selector the selector
 */
public record Selection<T>(Class<T> type, String path, String parameter, String selector) {

	/**
	 * Selects the object of a name.
	 * @param <T> the type of object
	 * @param type the type of object
	 * @param path the path of the list
	 * @param name the name
	 * @return the selection
	 */
	public static <T> Selection<T> byName(Class<T> type, String path, String name) {
		return new Selection<>(type, path, "fieldSelector", "metadata.name=" + name);
	}

	/**
	 * Selects the objects with a label.
	 * @param <T> the type of object
	 * @param type the type of object
	 * @param path the path of the list
	 * @param label the name of the label
	 * @param value the value of the label
	 * @return the selection
	 */
	public static <T> Selection<T> byLabel(Class<T> type, String path, String label, String value) {
		return new Selection<>(type, path, "labelSelector", label + "=" + value);
	}

	/**
	 * Returns a call that lists the objects.
	 * @param client the client
	 * @return the call
	 * @throws ApiException if the call cannot be built
	 */
	public Call list(ApiClient client) throws ApiException {
		return call(client, Map.of());
	}

	Call watch(ApiClient client, String resourceVersion, int seconds) throws ApiException {
		return call(client, Map.of("watch", "true", "allowWatchBookmarks", "true", "resourceVersion", resourceVersion,
				"timeoutSeconds", String.valueOf(seconds)));
	}

	private Call call(ApiClient client, Map<String, String> parameters) throws ApiException {
		List<Pair> query = new ArrayList<>();
		query.add(new Pair(this.parameter, this.selector));
		parameters.forEach((name, value) -> query.add(new Pair(name, value)));
		return client.buildCall(null, this.path, "GET", query, List.of(), null,
				new HashMap<>(Map.of("Accept", "application/json")), new HashMap<>(), new HashMap<>(), new String[0],
				null);
	}

}
