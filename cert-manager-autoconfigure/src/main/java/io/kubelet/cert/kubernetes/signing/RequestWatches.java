package io.kubelet.cert.kubernetes.signing;

import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicBoolean;

import io.kubelet.cert.kubernetes.watch.Selection;
import io.kubernetes.client.openapi.ApiClient;
import org.jspecify.annotations.Nullable;
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

	/** The number of exchanges that keep the watches of a client open. */
	private final Map<ApiClient, Integer> users = new HashMap<>();

	/** How often each name is waited for. */
	private final Map<String, Integer> names = new ConcurrentHashMap<>();

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
	 * give one our label that is too large to be read.
	 */
	void separate() {
		if (this.separate.compareAndSet(false, true)) {
			logger.warn(
					"A request that carries the label {}={} is larger than 4 MiB. It may be a stranger's, "
							+ "so each pending request is watched by its name from now on ({})",
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
	 * Watches an object from its known state. The subscriber receives later states before
	 * this method returns and, from then on, on another thread.
	 */
	Subscription subscribe(ApiClient client, RequestObject object, RequestWatch.Subscriber subscriber) {
		Key key = new Key(client, select(object));
		boolean expected = isExpected(object.name());
		Runnable forget = expect(object.name());
		RequestWatch watch;
		synchronized (this.open) {
			watch = this.open.get(key);
			if (watch == null || !watch.add(object.uid(), subscriber)) {
				watch = new RequestWatch(client, key.selection, object.resourceVersion(), this::isExpected);
				watch.add(object.uid(), subscriber);
				watch.start(this.executor);
				this.open.put(key, watch);
			}
		}
		boolean complete = watch.catchUp(object, subscriber);
		return new Subscription(complete && expected, () -> {
			unsubscribe(key, object.uid(), subscriber);
			forget.run();
		});
	}

	private void unsubscribe(Key key, String uid, RequestWatch.Subscriber subscriber) {
		synchronized (this.open) {
			RequestWatch watch = this.open.get(key);
			if (watch != null) {
				watch.remove(uid, subscriber);
				endUnused(key.client);
			}
		}
	}

	/**
	 * Keeps the watches of a client open from now on. Certificates that are signed faster
	 * than further requests are created share one: each other one would cost a TLS
	 * handshake.
	 * @param name the object that is going to be subscribed to, whose states are kept
	 * from now on; {@code null} if it has no name yet
	 * @return ends the watches that are unused then, unless they are kept for others
	 */
	Runnable keepOpen(ApiClient client, @Nullable String name) {
		Runnable forget = (name != null) ? expect(name) : () -> {
		};
		synchronized (this.open) {
			this.users.merge(client, 1, Integer::sum);
		}
		return () -> {
			synchronized (this.open) {
				this.users.computeIfPresent(client, (key, users) -> (users > 1) ? users - 1 : null);
				endUnused(client);
			}
			forget.run();
		};
	}

	private boolean isExpected(String name) {
		return this.names.containsKey(name);
	}

	private Runnable expect(String name) {
		this.names.merge(name, 1, Integer::sum);
		return () -> this.names.computeIfPresent(name, (key, times) -> (times > 1) ? times - 1 : null);
	}

	private void endUnused(ApiClient client) {
		if (!this.users.containsKey(client)) {
			this.open.entrySet().removeIf((entry) -> entry.getKey().client == client && entry.getValue().endIfUnused());
		}
	}

	/** Ends all watches. What was subscribed to is not answered any more. */
	void close() {
		synchronized (this.open) {
			this.open.values().forEach(RequestWatch::close);
		}
	}

	private record Key(ApiClient client, Selection selection) {

	}

	/**
	 * A subscription.
	 *
	 * @param complete whether the subscriber receives every state; {@code false} if the
	 * watch began after the known state of the object, so that the object has to be read
	 * @param end ends the subscription
	 */
	record Subscription(boolean complete, Runnable end) {

	}

}
