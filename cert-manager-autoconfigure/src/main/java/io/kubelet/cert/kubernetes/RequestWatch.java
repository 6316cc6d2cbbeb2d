package io.kubelet.cert.kubernetes;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Executor;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.kubernetes.RequestWatches.Subscriber;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestList;
import io.kubernetes.client.util.Watch;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A watch of certificate signing requests for those who wait for them. It begins at a
 * resource version, so that nothing is missed. A server that refuses it ends the waiting.
 */
final class RequestWatch {

	private static final Logger logger = LoggerFactory.getLogger(RequestWatch.class);

	private final Map<String, Subscriber> subscribers = new HashMap<>();

	private final Map<String, V1CertificateSigningRequest> latest = new HashMap<>();

	private final Selector selector;

	private final String start;

	private final ObjectWatch<V1CertificateSigningRequest, V1CertificateSigningRequestList> watch;

	RequestWatch(ApiClient client, Clock clock, Selector selector, String resourceVersion) {
		this.selector = selector;
		this.start = resourceVersion;
		this.watch = new ObjectWatch<>(new ObjectWatch.Query<>(new TypeToken<V1CertificateSigningRequestList>() {
		}, new TypeToken<Watch.Response<V1CertificateSigningRequest>>() {
		}, selector::call), new Observer(), () -> client, clock, resourceVersion);
	}

	void add(String uid, Subscriber subscriber) {
		synchronized (this.subscribers) {
			this.subscribers.put(uid, subscriber);
		}
	}

	/**
	 * Tell a subscriber what was seen of its object before it was added.
	 * @return whether nothing can have been missed since the object's state
	 */
	boolean catchUp(V1CertificateSigningRequest object, Subscriber subscriber) {
		V1CertificateSigningRequest seen;
		synchronized (this.subscribers) {
			seen = this.latest.get(Answers.uid(object));
		}
		if (seen != null) {
			subscriber.changed(seen);
		}
		return seen != null || !Answers.isOlder(object, this.start);
	}

	/** Whether nobody waits any more. */
	boolean remove(String uid, Subscriber subscriber) {
		synchronized (this.subscribers) {
			if (this.subscribers.remove(uid, subscriber)) {
				this.latest.remove(uid);
			}
			return this.subscribers.isEmpty();
		}
	}

	void start(Executor executor) {
		this.watch.start(executor);
	}

	void close() {
		this.watch.close();
	}

	/**
	 * Tell all subscribers, without the lock: what a subscriber does is not known here.
	 */
	void tell(Consumer<Subscriber> action) {
		List<Subscriber> all;
		synchronized (this.subscribers) {
			all = List.copyOf(this.subscribers.values());
		}
		all.forEach(action);
	}

	private void tell(String uid, Consumer<Subscriber> action) {
		Subscriber subscriber;
		synchronized (this.subscribers) {
			subscriber = this.subscribers.get(uid);
		}
		if (subscriber != null) {
			action.accept(subscriber);
		}
	}

	private final class Observer implements WatchObserver<V1CertificateSigningRequest> {

		private Set<String> waiting = Set.of();

		@Override
		public void listing() {
			synchronized (RequestWatch.this.subscribers) {
				this.waiting = Set.copyOf(RequestWatch.this.subscribers.keySet());
			}
		}

		/** Whoever has waited since before the list, and is not on it, waits in vain. */
		@Override
		public void listed(List<V1CertificateSigningRequest> objects) {
			objects.forEach(this::changed);
			Set<String> found = objects.stream().map(Answers::uid).collect(Collectors.toSet());
			this.waiting.stream().filter((uid) -> !found.contains(uid)).forEach(this::deleted);
		}

		@Override
		public void changed(V1CertificateSigningRequest object) {
			synchronized (RequestWatch.this.subscribers) {
				RequestWatch.this.latest.put(Answers.uid(object), object);
			}
			tell(Answers.uid(object), (subscriber) -> subscriber.changed(object));
		}

		@Override
		public void deleted(V1CertificateSigningRequest object) {
			deleted(Answers.uid(object));
		}

		private void deleted(String uid) {
			synchronized (RequestWatch.this.subscribers) {
				RequestWatch.this.latest.remove(uid);
			}
			tell(uid, Subscriber::deleted);
		}

		@Override
		public void interrupted(String problem, int times) {
			logger.debug("The watch {} is interrupted: {}", RequestWatch.this.selector, problem);
		}

		@Override
		public void refused(ApiException answer, int times) {
			tell((subscriber) -> subscriber.refused(answer));
		}

	}

}
