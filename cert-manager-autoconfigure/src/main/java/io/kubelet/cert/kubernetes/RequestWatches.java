package io.kubelet.cert.kubernetes;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executor;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;

/**
 * The watches that are open, at most one for each selector: whoever waits with the same
 * selector shares one. A watch is open for as long as someone waits.
 */
final class RequestWatches {

	private final Map<Selector, RequestWatch> open = new HashMap<>();

	private final ApiClient client;

	private final Executor executor;

	private final Clock clock;

	private boolean closed;

	RequestWatches(ApiClient client, Executor executor, Clock clock) {
		this.client = client;
		this.executor = executor;
		this.clock = clock;
	}

	/**
	 * Watch an object from the state in which it is known. Before this returns, and from
	 * then on from another thread, the subscriber is told of later states.
	 * @return the subscription
	 */
	Subscription subscribe(V1CertificateSigningRequest object, Subscriber subscriber) {
		Selector selector = Selector.of(object);
		RequestWatch watch;
		synchronized (this.open) {
			if (this.closed) {
				subscriber.closed();
				return new Subscription(true, () -> {
				});
			}
			RequestWatch shared = this.open.get(selector);
			watch = (shared != null) ? shared
					: new RequestWatch(this.client, this.clock, selector, Answers.resourceVersion(object));
			watch.add(Answers.uid(object), subscriber);
			if (shared == null) {
				watch.start(this.executor);
				this.open.put(selector, watch);
			}
		}
		boolean complete = watch.catchUp(object, subscriber);
		return new Subscription(complete, () -> unsubscribe(selector, Answers.uid(object), subscriber));
	}

	private void unsubscribe(Selector selector, String uid, Subscriber subscriber) {
		synchronized (this.open) {
			RequestWatch watch = this.open.get(selector);
			if (watch != null && watch.remove(uid, subscriber)) {
				this.open.remove(selector);
				watch.close();
			}
		}
	}

	/** End all watches, for good. */
	void close() {
		List<RequestWatch> watches;
		synchronized (this.open) {
			this.closed = true;
			watches = List.copyOf(this.open.values());
		}
		watches.forEach((watch) -> {
			watch.close();
			watch.tell(Subscriber::closed);
		});
	}

	/**
	 * A subscription.
	 *
	 * @param complete whether every state is told; {@code false} if the watch began after
	 * the state in which the object is known, so that what happened in between has to be
	 * read
	 * @param end ends the subscription
	 */
	record Subscription(boolean complete, Runnable end) {

	}

	/** Told of one object. */
	interface Subscriber {

		void changed(V1CertificateSigningRequest object);

		void deleted();

		/** The server does not permit the watch. */
		void refused(ApiException answer);

		/** Nothing more is told. */
		void closed();

	}

}
