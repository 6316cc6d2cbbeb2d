package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.time.Duration;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.kubernetes.RequestWatches.Subscriber;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.apis.CertificatesV1Api.APIlistCertificateSigningRequestRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequest;
import io.kubernetes.client.openapi.models.V1CertificateSigningRequestList;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;

/**
 * One watch, taken up again where it ended for as long as someone waits. It begins at a
 * resource version, so that nothing is missed; where that is too old (410), the objects
 * are listed anew. A server that cannot be reached is asked again after waits that grow
 * to half a minute; one that refuses ends the waiting.
 */
final class RequestWatch implements Runnable {

	private static final int MINIMUM_SECONDS = 300;

	/** How much longer than the server a watch is left open, before it counts as dead. */
	private static final Duration GRACE = Duration.ofSeconds(30);

	private static final long SHORTEST_WAIT_MILLIS = 1000;

	private static final long LONGEST_WAIT_MILLIS = 30_000;

	private final Map<String, Subscriber> subscribers = new HashMap<>();

	private final Map<String, V1CertificateSigningRequest> latest = new HashMap<>();

	private final CountDownLatch closed = new CountDownLatch(1);

	private final ApiClient client;

	private final ApiFailures failures;

	private final String selector;

	private String resourceVersion;

	private int failuresInARow;

	private Duration retryAfter = Duration.ZERO;

	private volatile @Nullable Call call;

	RequestWatch(ApiClient client, ApiFailures failures, String selector, String resourceVersion) {
		this.client = client;
		this.failures = failures;
		this.selector = selector;
		this.resourceVersion = resourceVersion;
	}

	/** What was seen of the object before someone asked for it is told at once. */
	void add(V1CertificateSigningRequest object, Subscriber subscriber) {
		V1CertificateSigningRequest seen;
		synchronized (this.subscribers) {
			this.subscribers.put(Answers.uid(object), subscriber);
			seen = this.latest.get(Answers.uid(object));
		}
		if (seen != null) {
			subscriber.changed(seen);
		}
	}

	/** Whether nobody waits any more. */
	boolean remove(String uid) {
		synchronized (this.subscribers) {
			this.subscribers.remove(uid);
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
			try {
				watch();
			}
			catch (ApiException ex) {
				failed(ex);
			}
			catch (IOException | RuntimeException ex) {
				this.failuresInARow++;
			}
			pause();
		}
	}

	private void watch() throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Request request = list().watch(true)
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
				this.failuresInARow = 0;
				received(event);
			}
		}
	}

	private void received(Watch.Response<V1CertificateSigningRequest> event) throws ApiException {
		V1CertificateSigningRequest object = event.object;
		if (object == null || "ERROR".equals(event.type)) {
			if (event.status != null && Integer.valueOf(410).equals(event.status.getCode())) {
				relist();
			}
			return;
		}
		this.resourceVersion = Answers.resourceVersion(object);
		switch (event.type) {
			case "ADDED", "MODIFIED" -> tell(object);
			case "DELETED" -> deleted(Answers.uid(object));
			default -> {
				// A bookmark: the resource version is all it says
			}
		}
	}

	private void relist() throws ApiException {
		V1CertificateSigningRequestList list = list().execute();
		this.resourceVersion = String.valueOf(Objects.requireNonNull(list.getMetadata()).getResourceVersion());
		Set<String> found = new HashSet<>();
		for (V1CertificateSigningRequest object : list.getItems()) {
			found.add(Answers.uid(object));
			tell(object);
		}
		Set<String> missing;
		synchronized (this.subscribers) {
			missing = new HashSet<>(this.subscribers.keySet());
		}
		missing.removeAll(found);
		missing.forEach(this::deleted);
	}

	private APIlistCertificateSigningRequestRequest list() {
		APIlistCertificateSigningRequestRequest list = new CertificatesV1Api(this.client)
			.listCertificateSigningRequest();
		String value = this.selector.substring(this.selector.indexOf('=') + 1);
		return this.selector.startsWith("label") ? list.labelSelector(value) : list.fieldSelector(value);
	}

	private void tell(V1CertificateSigningRequest object) {
		Subscriber subscriber;
		synchronized (this.subscribers) {
			this.latest.put(Answers.uid(object), object);
			subscriber = this.subscribers.get(Answers.uid(object));
		}
		if (subscriber != null) {
			subscriber.changed(object);
		}
	}

	private void deleted(String uid) {
		Subscriber subscriber;
		synchronized (this.subscribers) {
			this.latest.remove(uid);
			subscriber = this.subscribers.get(uid);
		}
		if (subscriber != null) {
			subscriber.deleted();
		}
	}

	private void failed(ApiException ex) {
		this.failuresInARow++;
		RequestException failure = this.failures.translate(ex, "watch", null);
		if (failure instanceof SignerUnavailableException unavailable) {
			this.retryAfter = (unavailable.retryAfter() != null) ? unavailable.retryAfter() : Duration.ZERO;
		}
		else {
			forEach((subscriber) -> subscriber.failed(failure));
		}
	}

	private void forEach(Consumer<Subscriber> action) {
		List<Subscriber> subscribers;
		synchronized (this.subscribers) {
			subscribers = List.copyOf(this.subscribers.values());
		}
		subscribers.forEach(action);
	}

	/** A watch that has ended is never opened again at once, whatever ended it. */
	private void pause() {
		long limit = Math.min(LONGEST_WAIT_MILLIS, SHORTEST_WAIT_MILLIS << Math.min(this.failuresInARow, 5));
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
