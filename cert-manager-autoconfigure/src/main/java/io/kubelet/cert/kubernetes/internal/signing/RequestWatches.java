package io.kubelet.cert.kubernetes.internal.signing;

import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.kubernetes.internal.signing.RequestWatch.Subscriber;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubernetes.client.openapi.ApiClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The open watches of requests. All pending requests that use the same client share one
 * watch, which selects them by their label. Requests of an earlier process have another
 * label, and so another watch.
 */
final class RequestWatches {

	private static final Logger logger = LoggerFactory.getLogger(RequestWatches.class);

	private final Map<Key, RequestWatch> open = new HashMap<>();

	/**
	 * Those that are not answered yet, even if their requests are still to be created.
	 */
	private final Set<Subscriber> subscribers = ConcurrentHashMap.newKeySet();

	private final String requester = UUID.randomUUID().toString();

	private final AtomicBoolean refused = new AtomicBoolean();

	/** Whether each request is watched by its name. */
	private final AtomicBoolean separate = new AtomicBoolean();

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

	/** Whether this is the first request that may not be read, to report it only once. */
	boolean isFirstRefusal() {
		return this.refused.compareAndSet(false, true);
	}

	/**
	 * Watches each request by its name from now on. Anyone who may create requests can
	 * give some our label that are too large to be read.
	 */
	void separate() {
		if (this.separate.compareAndSet(false, true)) {
			logger.warn(
					"A request that carries the label {}={} is larger than 4 MiB, or all of them are larger than 64 MiB. "
							+ "Some may be a stranger's, so each pending request is watched by its name from now on ({})",
					RequestObject.REQUESTER, this.requester, this.path);
		}
	}

	private Selection select(RequestObject object) {
		String requester = object.requester();
		return (requester != null && !this.separate.get())
				? Selection.byLabel(this.path, RequestObject.REQUESTER, requester)
				: Selection.byName(object.name(), this.path);
	}

	/**
	 * Keeps the watches of a client open from now on, and what they receive about the
	 * request of the subscriber. Certificates that are signed faster than further
	 * requests are created share a watch: each other one would cost a TLS handshake.
	 */
	void begin(Subscriber subscriber) {
		this.subscribers.add(subscriber);
	}

	/** Ends what has begun, and the watches of the client after the last subscriber. */
	void end(Subscriber subscriber) {
		ApiClient client = subscriber.client();
		synchronized (this.open) {
			this.subscribers.remove(subscriber);
			this.open.values().forEach((watch) -> watch.remove(subscriber));
			if (this.subscribers.stream().noneMatch((other) -> other.client() == client)) {
				this.open.forEach((key, watch) -> {
					if (key.client == client) {
						watch.close();
					}
				});
				this.open.keySet().removeIf((key) -> key.client == client);
			}
		}
	}

	/**
	 * Watches an object from its known state, unless the subscriber has ended. It
	 * receives later states before this method returns and, from then on, on another
	 * thread.
	 * @return whether the subscriber receives every state; {@code false} if the watch
	 * began after the known state of the object, so that the object has to be read
	 */
	boolean subscribe(RequestObject object, Subscriber subscriber) {
		Key key = new Key(subscriber.client(), select(object));
		RequestWatch watch;
		synchronized (this.open) {
			if (!this.subscribers.contains(subscriber)) {
				return true;
			}
			watch = this.open.get(key);
			if (watch == null || !watch.add(object.uid(), subscriber)) {
				watch = new RequestWatch(key.client, key.selection, object.resourceVersion(), this::isPending);
				watch.add(object.uid(), subscriber);
				watch.start(this.executor);
				this.open.put(key, watch);
			}
		}
		return watch.catchUp(object, subscriber);
	}

	private boolean isPending(String name) {
		return this.subscribers.stream().anyMatch((subscriber) -> name.equals(subscriber.request().name()));
	}

	/** Ends all watches. What was subscribed to is not answered any more. */
	void close() {
		synchronized (this.open) {
			this.open.values().forEach(RequestWatch::close);
		}
	}

	private record Key(ApiClient client, Selection selection) {

	}

}
