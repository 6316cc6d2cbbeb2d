package io.kubelet.cert.kubernetes.internal.signing;

import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.function.Predicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.ApiObjects.AnswerTooLargeException;
import io.kubelet.cert.kubernetes.internal.watch.Reflector;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;

/**
 * A watch of certificate signing requests for its subscribers. It begins at a resource
 * version, so nothing is missed. If the server refuses it, it ends, and its subscribers
 * receive the refusal. The next request opens another one.
 */
final class RequestWatch implements Reflector.Observer {

	private final Map<String, Subscriber> subscribers = new ConcurrentHashMap<>();

	/** The states of pending objects, even of those without a subscriber yet. */
	private final Map<String, RequestObject> latest = new ConcurrentHashMap<>();

	private final Predicate<String> pending;

	private final String start;

	private final Reflector watch;

	private Set<String> subscribedBeforeList = Set.of();

	private boolean refused;

	/**
	 * Creates a watch.
	 * @param pending whether an object of this name is waited for. Anyone who may create
	 * objects can give them our label
	 */
	RequestWatch(ApiClient client, Selection selection, String resourceVersion, Predicate<String> pending) {
		this.pending = pending;
		this.start = resourceVersion;
		this.watch = new Reflector(selection, this, () -> client, resourceVersion);
	}

	/**
	 * Returns {@code false} if the server has refused the watch, which has ended then.
	 */
	synchronized boolean add(String uid, Subscriber subscriber) {
		if (!this.refused) {
			this.subscribers.put(uid, subscriber);
		}
		return !this.refused;
	}

	/**
	 * Passes the latest known state of an object to its subscriber.
	 * @return whether nothing can have been missed since the given state
	 */
	boolean catchUp(RequestObject object, Subscriber subscriber) {
		RequestObject seen = this.latest.get(object.uid());
		if (seen != null) {
			subscriber.changed(seen);
		}
		return seen != null || !object.isOlder(this.start);
	}

	void remove(Subscriber subscriber) {
		String uid = subscriber.request().uid();
		if (uid != null && this.subscribers.remove(uid, subscriber)) {
			this.latest.remove(uid);
		}
	}

	void start(Executor executor) {
		this.watch.start(executor);
	}

	void close() {
		this.watch.close();
	}

	/** A search for the name takes longer the more requests are pending. */
	private boolean isAwaited(RequestObject object) {
		return this.subscribers.containsKey(object.uid()) || this.pending.test(object.name());
	}

	@Override
	public void listing() {
		this.subscribedBeforeList = Set.copyOf(this.subscribers.keySet());
	}

	@Override
	public boolean wants(JsonObject object) {
		return isAwaited(new RequestObject(object));
	}

	/** Objects that existed before the list and are not on it were deleted. */
	@Override
	public void listed(List<JsonObject> objects) {
		Set<String> found = new HashSet<>();
		objects.stream().map(RequestObject::new).forEach((object) -> {
			found.add(object.uid());
			received(object);
		});
		this.subscribedBeforeList.stream().filter((uid) -> !found.contains(uid)).forEach(this::deleted);
	}

	@Override
	public void changed(JsonObject object) {
		received(new RequestObject(object));
	}

	private void received(RequestObject object) {
		if (isAwaited(object)) {
			this.latest.put(object.uid(), object);
			notify(object.uid(), (subscriber) -> subscriber.changed(object));
		}
	}

	@Override
	public void deleted(JsonObject object) {
		deleted(new RequestObject(object).uid());
	}

	private void deleted(String uid) {
		this.latest.remove(uid);
		notify(uid, Subscriber::deleted);
	}

	@Override
	public void interrupted(Kind kind, String problem, Throwable cause) {
		if (cause instanceof AnswerTooLargeException tooLarge) {
			end(tooLarge);
		}
		else {
			this.subscribers.values().forEach((subscriber) -> subscriber.interrupted(problem));
		}
	}

	@Override
	public String refused(ApiException answer, Kind kind) {
		end(answer);
		return "the API server answers " + answer.getCode();
	}

	private void end(Exception answer) {
		close();
		synchronized (this) {
			this.refused = true;
		}
		this.subscribers.values().forEach((subscriber) -> subscriber.refused(answer));
	}

	private void notify(String uid, Consumer<Subscriber> action) {
		Subscriber subscriber = this.subscribers.get(uid);
		if (subscriber != null) {
			action.accept(subscriber);
		}
	}

	@Override
	public String toString() {
		return "Certificate signing requests";
	}

	/** Receives what happens to the object of one request. */
	interface Subscriber {

		ApiClient client();

		/** With name and UID, once they are known. */
		CertificateRequest request();

		void changed(RequestObject object);

		void deleted();

		/** Until the next change, nothing is received. */
		void interrupted(String problem);

		/** The server refuses the watch, or what it sends is too large. */
		void refused(Exception answer);

	}

}
