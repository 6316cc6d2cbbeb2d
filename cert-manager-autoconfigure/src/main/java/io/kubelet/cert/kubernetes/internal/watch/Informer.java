package io.kubelet.cert.kubernetes.internal.watch;

import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.IntFunction;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;

/**
 * Lists and watches the selected objects of the API from the first use of
 * {@link #state()}. If the API server cannot be reached, the last known state remains.
 */
public final class Informer implements Observer, AutoCloseable {

	private final String description;

	private final IntFunction<String> remedy;

	private final Consumer<State> changes;

	private final Executor executor;

	private final Reflector reflector;

	private final SortedMap<String, JsonObject> known = new TreeMap<>();

	private volatile State state = new State(List.of(), "the API server has not answered yet", Kind.UNAVAILABLE);

	/**
	 * Creates an informer. Nothing is requested yet.
	 * @param selection selects the objects
	 * @param description describes the objects in the log, such as {@code ConfigMap a/b}
	 * @param remedy returns what is needed if the API server responds with a status, as a
	 * clause
	 * @param changes accepts each new state, on the thread of the watch
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 */
	public Informer(Selection selection, String description, IntFunction<String> remedy, Consumer<State> changes,
			Supplier<ApiClient> clients, Executor executor) {
		this.description = description;
		this.remedy = remedy;
		this.changes = changes;
		this.executor = executor;
		this.reflector = new Reflector(selection, this, clients, null);
	}

	/**
	 * Returns the last known state, and starts to watch the objects.
	 * @return the state
	 */
	public State state() {
		this.reflector.start(this.executor);
		return this.state;
	}

	@Override
	public void listed(List<JsonObject> objects) {
		this.known.clear();
		objects.forEach((object) -> this.known.put(name(object), object));
		change("it does not exist");
	}

	@Override
	public void changed(JsonObject object) {
		this.known.put(name(object), object);
		change("");
	}

	@Override
	public void deleted(JsonObject object) {
		this.known.remove(name(object));
		change("it does not exist any more");
	}

	private void change(String problemIfNone) {
		List<JsonObject> objects = List.copyOf(this.known.values());
		become(new State(objects, objects.isEmpty() ? problemIfNone : "", Kind.OTHER));
	}

	@Override
	public void interrupted(Kind kind, String problem) {
		State last = this.state;
		become(new State(last.objects, problem, (kind == Kind.UNAVAILABLE && !last.isPending()) ? Kind.OTHER : kind));
	}

	@Override
	public String watchFailed(ApiException response, Kind kind) {
		String problem = ApiFailures.reason(response, this.remedy.apply(response.getCode()));
		become(new State(this.state.objects, problem, kind));
		return problem;
	}

	private void become(State state) {
		this.state = state;
		this.changes.accept(state);
	}

	private static String name(JsonObject object) {
		return ApiObjects.identity(ApiObjects.member(object, "metadata"), "name");
	}

	@Override
	public void close() {
		this.reflector.close();
	}

	@Override
	public String toString() {
		return this.description;
	}

	/**
	 * What is known about the objects.
	 *
	 * @param objects the objects by name, empty if they are not known or there are none
	 * @param problem why no object is known or they cannot be watched, empty if there is
	 * no problem; with commands in further lines if a permission is missing
	 * @param kind the kind of the problem: {@link Kind#UNAVAILABLE} if the API server has
	 * never answered, but may do so later
	 */
	public record State(List<JsonObject> objects, String problem, Kind kind) {

		/**
		 * Returns whether the API server has never answered.
		 * @return {@code true} if it has not, but may do so later
		 */
		public boolean isPending() {
			return this.kind == Kind.UNAVAILABLE;
		}

		/**
		 * Returns the problem without commands.
		 * @return its first line, empty if there is no problem
		 */
		public String summary() {
			return this.problem.lines().findFirst().orElse("");
		}

	}

}
