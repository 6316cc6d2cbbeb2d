package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.kubernetes.RequestWatches.Subscriber;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestList;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch, taken up again where it ended until it is closed. It begins at a resource
 * version, so that nothing is missed; where that is too old (410), the objects are listed
 * anew. It never opens again at once: the pauses grow, up to half a minute, for as long
 * as it brings nothing. A server that refuses it ends the waiting.
 */
final class RequestWatch implements Runnable {

	private static final Logger logger = LoggerFactory.getLogger(RequestWatch.class);

	private static final int EXPIRED = 410;

	private static final int MINIMUM_SECONDS = 300;

	/** How much longer than the server a watch is left open, before it counts as dead. */
	private static final Duration GRACE = Duration.ofSeconds(30);

	private static final long SHORTEST_PAUSE_MILLIS = 1000;

	private static final long LONGEST_PAUSE_MILLIS = 30_000;

	private final Map<String, Subscriber> subscribers = new HashMap<>();

	private final Map<String, V1CertificateSigningRequest> latest = new HashMap<>();

	private final CountDownLatch closed = new CountDownLatch(1);

	private final ApiClient client;

	private final ApiFailures failures;

	private final Selector selector;

	private final String start;

	/** Where to go on; {@code null} where the objects have to be listed first. */
	private @Nullable String resourceVersion;

	/** How many times in a row it was opened and brought nothing. */
	private int fruitless;

	private Duration retryAfter = Duration.ZERO;

	private volatile @Nullable Call call;

	RequestWatch(ApiClient client, ApiFailures failures, Selector selector, String resourceVersion) {
		this.client = client;
		this.failures = failures;
		this.selector = selector;
		this.start = resourceVersion;
		this.resourceVersion = resourceVersion;
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

	void close() {
		this.closed.countDown();
		Call call = this.call;
		if (call != null) {
			call.cancel();
		}
	}

	@Override
	public void run() {
		while (!isClosed()) {
			this.fruitless++;
			try {
				if (this.resourceVersion == null) {
					list();
				}
				watch();
			}
			catch (ApiException ex) {
				failed(ex);
			}
			catch (IOException | RuntimeException ex) {
				logger.debug("The watch {} broke off", this.selector, ex);
			}
			pause();
		}
	}

	private void watch() throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Request request = this.selector.list(this.client)
			.watch(true)
			.allowWatchBookmarks(true)
			.resourceVersion(this.resourceVersion)
			.timeoutSeconds(seconds)
			.buildCall(null)
			.request();
		Call call = this.client.getHttpClient()
			.newBuilder()
			.readTimeout(Duration.ofSeconds(seconds).plus(GRACE))
			.build()
			.newCall(request);
		this.call = call;
		if (isClosed()) {
			return;
		}
		try (Watch<V1CertificateSigningRequest> watch = Watch.createWatch(this.client, call,
				new TypeToken<Watch.Response<V1CertificateSigningRequest>>() {
				}.getType())) {
			for (Watch.Response<V1CertificateSigningRequest> event : watch) {
				received(event);
			}
		}
	}

	private void received(Watch.Response<V1CertificateSigningRequest> event) throws ApiException {
		V1CertificateSigningRequest object = event.object;
		if (object == null || "ERROR".equals(event.type)) {
			Integer code = (event.status != null) ? event.status.getCode() : null;
			throw new ApiException((code != null) ? code : 500, "The server ended the watch with an error");
		}
		this.fruitless = 0;
		this.resourceVersion = Answers.resourceVersion(object);
		switch (event.type) {
			case "ADDED", "MODIFIED" -> tell(object);
			case "DELETED" -> deleted(Answers.uid(object));
			default -> {
				// A bookmark: the resource version is all it says
			}
		}
	}

	/** Whoever waited before the list was asked for and is not on it waits in vain. */
	private void list() throws ApiException {
		Set<String> waiting = subscribers().keySet();
		V1CertificateSigningRequestList list = this.selector.list(this.client).execute();
		list.getItems().forEach(this::tell);
		Set<String> found = list.getItems().stream().map(Answers::uid).collect(Collectors.toSet());
		waiting.stream().filter((uid) -> !found.contains(uid)).forEach(this::deleted);
		this.resourceVersion = Objects.requireNonNull(list.getMetadata()).getResourceVersion();
	}

	private void tell(V1CertificateSigningRequest object) {
		synchronized (this.subscribers) {
			this.latest.put(Answers.uid(object), object);
		}
		tell(Answers.uid(object), (subscriber) -> subscriber.changed(object));
	}

	private void deleted(String uid) {
		synchronized (this.subscribers) {
			this.latest.remove(uid);
		}
		tell(uid, Subscriber::deleted);
	}

	/** Without the lock: what a subscriber does is not known here. */
	private void tell(String uid, Consumer<Subscriber> action) {
		Subscriber subscriber = subscribers().get(uid);
		if (subscriber != null) {
			action.accept(subscriber);
		}
	}

	private Map<String, Subscriber> subscribers() {
		synchronized (this.subscribers) {
			return Map.copyOf(this.subscribers);
		}
	}

	private void failed(ApiException ex) {
		if (ex.getCode() == EXPIRED) {
			this.resourceVersion = null;
			return;
		}
		RequestException failure = this.failures.translate(ex, null);
		if (failure instanceof SignerUnavailableException unavailable) {
			logger.debug("The watch {} is interrupted: {}", this.selector, failure.getMessage());
			Duration retryAfter = unavailable.retryAfter();
			this.retryAfter = (retryAfter != null) ? retryAfter : Duration.ZERO;
			return;
		}
		fail(failure);
	}

	void fail(RequestException failure) {
		subscribers().values().forEach((subscriber) -> subscriber.failed(failure));
	}

	private void pause() {
		int doublings = Math.min(Math.max(this.fruitless - 1, 0), 5);
		long limit = Math.min(LONGEST_PAUSE_MILLIS, SHORTEST_PAUSE_MILLIS << doublings);
		long jittered = limit / 2 + ThreadLocalRandom.current().nextLong(limit / 2);
		try {
			this.closed.await(Math.max(jittered, this.retryAfter.toMillis()), TimeUnit.MILLISECONDS);
			this.retryAfter = Duration.ZERO;
		}
		catch (InterruptedException ex) {
			this.closed.countDown();
			Thread.currentThread().interrupt();
		}
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

}
