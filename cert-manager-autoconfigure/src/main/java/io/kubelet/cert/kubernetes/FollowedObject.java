package io.kubelet.cert.kubernetes;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Supplier;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Follows one object of the API from the first look at it. If the API server cannot be
 * reached, the last known state remains.
 *
 * @param <T> the type of object
 */
public final class FollowedObject<T> implements AutoCloseable {

	private final String description;

	private final String permission;

	private final Consumer<State<T>> changes;

	private final Executor executor;

	private final ObjectWatch<T> watch;

	private volatile State<T> state = new State<>(null, "the API server has not answered yet", false);

	/**
	 * Creates it. Nothing is requested yet.
	 * @param selection selects the object by its name
	 * @param description describes the object in the log, such as
	 * {@code The ConfigMap a/b}
	 * @param permission the permission that is needed, as a clause
	 * @param changes accepts each new state, on the thread of the watch
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 * @param clock the clock
	 */
	public FollowedObject(Selection<T> selection, String description, String permission, Consumer<State<T>> changes,
			Supplier<ApiClient> clients, Executor executor, Clock clock) {
		this.description = description;
		this.permission = permission;
		this.changes = changes;
		this.executor = executor;
		this.watch = new ObjectWatch<>(selection, new Observer(), clients, clock, null);
	}

	/**
	 * Returns the last known state, and starts to follow the object.
	 * @return the state
	 */
	public State<T> state() {
		this.watch.start(this.executor);
		return this.state;
	}

	private void change(@Nullable T object, String problem, boolean answered) {
		State<T> state = new State<>(object, problem, answered);
		this.state = state;
		this.changes.accept(state);
	}

	@Override
	public void close() {
		this.watch.close();
	}

	/**
	 * What is known about the object.
	 *
	 * @param <T> the type of object
	 * @param object the object, {@code null} if it is not known or there is none
	 * @param problem why the object is not known or cannot be followed, empty if there is
	 * no problem
	 * @param answered whether the API server has answered at least once
	 */
	public record State<T>(@Nullable T object, String problem, boolean answered) {

	}

	private final class Observer implements ObjectWatch.Observer<T> {

		@Override
		public void listed(List<T> objects) {
			if (objects.isEmpty()) {
				change(null, "it does not exist", true);
			}
			objects.forEach(this::changed);
		}

		@Override
		public void changed(T object) {
			change(object, "", true);
		}

		@Override
		public void deleted(T object) {
			change(null, "it has been deleted", true);
		}

		@Override
		public void interrupted(String problem) {
			change(FollowedObject.this.state.object(), problem, FollowedObject.this.state.answered());
		}

		@Override
		public String refused(ApiException answer) {
			String problem = ApiFailures.refusal(answer, FollowedObject.this.permission);
			change(FollowedObject.this.state.object(), problem, true);
			return problem;
		}

		@Override
		public String toString() {
			return FollowedObject.this.description;
		}

	}

}
