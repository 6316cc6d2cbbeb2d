package io.kubelet.cert.kubernetes.internal.signing;

import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.kubernetes.internal.watch.Observer;
import io.kubelet.cert.kubernetes.internal.watch.Reflector;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;

/**
 * The open watches of requests. A request is watched by its name, as in client-go, if no
 * other one of the client is pending: API priority and fairness charges every creation of
 * a request for each watch that does not name an object. Otherwise, those that use the
 * same client share one watch, which selects them by their label. Requests of an earlier
 * process have another label, and so another watch.
 */
final class RequestWatches {

	private final Map<ApiClient, Map<Selection, Watch>> open = new HashMap<>();

	/**
	 * Those that are not answered yet, even if their requests are still to be created.
	 */
	private final Set<Subscriber> subscribers = ConcurrentHashMap.newKeySet();

	private final String requester = UUID.randomUUID().toString();

	private final String path;

	private final Executor executor;

	RequestWatches(String path, Executor executor) {
		this.path = path;
		this.executor = executor;
	}

	/** Returns what identifies this process in the label of new requests. */
	String requester() {
		return this.requester;
	}

	/**
	 * Keeps the watches of a client open from now on, and passes on what they receive
	 * about the request of the subscriber. Certificates that are signed faster than
	 * further requests are created share a watch: each other one would cost a TLS
	 * handshake.
	 */
	void begin(Subscriber subscriber) {
		this.subscribers.add(subscriber);
	}

	/**
	 * Ends what has begun: the watch by its name, and after the last subscriber all those
	 * of the client.
	 */
	void end(Subscriber subscriber) {
		ApiClient client = subscriber.client();
		synchronized (this.open) {
			this.subscribers.remove(subscriber);
			boolean last = pending(client) == 0;
			this.open.computeIfPresent(client, (same, watches) -> {
				watches.values().removeIf((watch) -> watch.end(subscriber, last));
				return last ? null : watches;
			});
		}
	}

	/**
	 * Watches an object from its known state, unless the subscriber has ended.
	 * @return whether the subscriber receives every state; {@code false} if the watch
	 * began after the known state of the object, so that the object has to be read
	 */
	boolean subscribe(RequestObject object, Subscriber subscriber) {
		ApiClient client = subscriber.client();
		synchronized (this.open) {
			if (!this.subscribers.contains(subscriber)) {
				return true;
			}
			Map<Selection, Watch> watches = this.open.computeIfAbsent(client, (any) -> new HashMap<>());
			Watch watch = watches.computeIfAbsent(select(object, client, watches.keySet()),
					(selection) -> new Watch(client, selection, object));
			watch.waiting.add(subscriber);
			watch.reflector.start(this.executor);
			return watch.listed || !object.isOlderThan(watch.first);
		}
	}

	/** Has the object of a request read if it is waited for. */
	void look(CertificateRequest request) {
		this.subscribers.stream()
			.filter((subscriber) -> Objects.equals(request.name(), subscriber.request().name()))
			.forEach(Subscriber::look);
	}

	private Selection select(RequestObject object, ApiClient client, Set<Selection> watched) {
		Selection byName = Selection.byName(object.name(), this.path);
		String requester = object.requester();
		if (requester == null || watched.contains(byName)) {
			return byName;
		}
		Selection byLabel = Selection.byLabel(this.path, RequestObject.REQUESTER, requester);
		return (watched.contains(byLabel) || pending(client) > 1) ? byLabel : byName;
	}

	private long pending(ApiClient client) {
		return this.subscribers.stream().filter((subscriber) -> subscriber.client() == client).count();
	}

	/** Ends all watches. What was subscribed to is not answered any more. */
	void close() {
		synchronized (this.open) {
			this.open.values().forEach((watches) -> watches.values().forEach((watch) -> watch.reflector.close()));
		}
	}

	/**
	 * A watch for its subscribers, from the state of the first object on, so that nothing
	 * is missed. Objects of others, who can use our label, are not kept.
	 */
	private final class Watch implements Observer {

		/** Their objects exist. */
		private final Set<Subscriber> waiting = ConcurrentHashMap.newKeySet();

		private Set<Subscriber> waitingBeforeList = Set.of();

		/** Then it goes on from a list, which may be that of an older etcd. */
		private volatile boolean listed;

		private final ApiClient client;

		private final Selection selection;

		private final RequestObject first;

		private final Reflector reflector;

		Watch(ApiClient client, Selection selection, RequestObject first) {
			this.client = client;
			this.selection = selection;
			this.first = first;
			this.reflector = new Reflector(selection, this, () -> client, first.resourceVersion());
		}

		/**
		 * Ends what is watched for a subscriber.
		 * @return whether the watch has ended
		 */
		boolean end(Subscriber subscriber, boolean last) {
			this.waiting.remove(subscriber);
			boolean byName = this.selection.selectors().containsKey(Selection.FIELDS);
			boolean ends = last || (byName && this.waiting.isEmpty());
			if (ends) {
				this.reflector.close();
			}
			return ends;
		}

		/** Includes a subscriber whose object is being created. */
		private Stream<Subscriber> subscribersTo(RequestObject object) {
			return RequestWatches.this.subscribers.stream()
				.filter((subscriber) -> subscriber.client() == this.client
						&& object.name().equals(subscriber.request().name()));
		}

		@Override
		public void listing() {
			this.waitingBeforeList = Set.copyOf(this.waiting);
		}

		@Override
		public boolean wants(JsonObject object) {
			return subscribersTo(new RequestObject(object)).findAny().isPresent();
		}

		/** Objects that existed before the list and are not on it were deleted. */
		@Override
		public void listed(List<JsonObject> objects) {
			this.listed = true;
			objects.forEach(this::changed);
			Set<String> found = objects.stream()
				.map((object) -> new RequestObject(object).uid())
				.collect(Collectors.toSet());
			this.waitingBeforeList.forEach((subscriber) -> {
				String uid = String.valueOf(subscriber.request().uid());
				if (!found.contains(uid)) {
					subscriber.deleted(uid);
				}
			});
		}

		@Override
		public void changed(JsonObject object) {
			RequestObject changed = new RequestObject(object);
			subscribersTo(changed).forEach((subscriber) -> subscriber.changed(changed));
		}

		@Override
		public void deleted(JsonObject object) {
			RequestObject deleted = new RequestObject(object);
			subscribersTo(deleted).forEach((subscriber) -> subscriber.deleted(deleted.uid()));
		}

		@Override
		public void interrupted(Kind kind, String problem) {
			this.waiting.forEach((subscriber) -> subscriber.interrupted(problem));
		}

		/** Fails those that wait. A later request may meet the next attempt to watch. */
		@Override
		public String watchFailed(ApiException response, Kind kind) {
			this.waiting.forEach((subscriber) -> subscriber.watchFailed(response));
			return "the API server answers " + response.getCode();
		}

		@Override
		public String toString() {
			return RequestWatches.this.path.endsWith("/certificaterequests") ? "CertificateRequests"
					: "CertificateSigningRequests";
		}

	}

	/** Receives what happens to the object of one request. */
	interface Subscriber {

		ApiClient client();

		/** Returns the request, with the UID of the object once that is known. */
		CertificateRequest request();

		/** An object of the name of the request was created or has changed. */
		void changed(RequestObject object);

		/** An object of the name of the request was deleted. */
		void deleted(String uid);

		/** Until the next change, nothing is received. */
		void interrupted(String problem);

		/** The object may have changed. */
		void look();

		/** The server does not allow the watch. */
		void watchFailed(ApiException response);

	}

}
