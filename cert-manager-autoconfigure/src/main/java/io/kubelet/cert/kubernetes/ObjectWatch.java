package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.common.KubernetesListObject;
import io.kubernetes.client.common.KubernetesObject;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One watch, taken up again where it ended until it is closed. Where its resource version
 * is of no use any more (410 among others), the objects are listed anew. It never opens
 * again at once: the pauses grow, up to half a minute, for as long as it brings nothing;
 * a server that asks for a longer one gets it, up to an hour.
 *
 * @param <T> the type of object
 * @param <L> the type of its list
 */
final class ObjectWatch<T extends KubernetesObject, L extends KubernetesListObject> implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(ObjectWatch.class);

	private static final int EXPIRED = 410;

	/** Also the answer to a version that the server, restored, has not reached yet. */
	private static final int TIMEOUT = 504;

	private static final int MINIMUM_SECONDS = 300;

	private static final long SHORTEST_PAUSE_MILLIS = 1000;

	private static final long LONGEST_PAUSE_MILLIS = 30_000;

	/** A proxy may ask for a day. */
	private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

	private final Query<T, L> query;

	private final WatchObserver<T> observer;

	private final Supplier<ApiClient> clients;

	private final Clock clock;

	private final AtomicBoolean started = new AtomicBoolean();

	private final CountDownLatch closed = new CountDownLatch(1);

	private volatile @Nullable Call call;

	/** Where to go on; {@code null} where the objects have to be listed first. */
	private @Nullable String resourceVersion;

	/** How many times in a row it was opened and brought nothing. */
	private int fruitless;

	private Duration retryAfter = Duration.ZERO;

	/**
	 * Create a watch.
	 * @param query what to ask for
	 * @param observer whom to tell
	 * @param clients asked for the client at each connection
	 * @param clock the clock
	 * @param resourceVersion where to begin, {@code null} with a list
	 */
	ObjectWatch(Query<T, L> query, WatchObserver<T> observer, Supplier<ApiClient> clients, Clock clock,
			@Nullable String resourceVersion) {
		this.query = query;
		this.observer = observer;
		this.clients = clients;
		this.clock = clock;
		this.resourceVersion = resourceVersion;
	}

	/**
	 * Begin, unless it has begun. What the executor throws, such as for the lack of a
	 * thread, comes back, and the next call tries again.
	 * @param executor runs the watch, for as long as this is open
	 */
	void start(Executor executor) {
		if (!isClosed() && this.started.compareAndSet(false, true)) {
			try {
				executor.execute(this::run);
			}
			catch (Throwable ex) {
				this.started.set(false);
				throw ex;
			}
		}
	}

	private void run() {
		while (!isClosed()) {
			this.fruitless++;
			try {
				follow(this.clients.get());
			}
			catch (Throwable ex) {
				interrupted(ex);
			}
			pause();
		}
	}

	@Override
	public void close() {
		this.closed.countDown();
		Call call = this.call;
		if (call != null) {
			call.cancel();
		}
	}

	private void follow(ApiClient client) throws IOException {
		try {
			if (this.resourceVersion == null) {
				list(client);
			}
			watch(client);
		}
		catch (ApiException ex) {
			failed(client, ex);
		}
	}

	@SuppressWarnings("unchecked")
	private void list(ApiClient client) throws ApiException {
		this.observer.listing();
		L list = client.<L>execute(this.query.calls().make(client, null, null), this.query.list().getType()).getData();
		this.observer.listed((List<T>) list.getItems());
		this.resourceVersion = Objects.requireNonNull(list.getMetadata()).getResourceVersion();
	}

	private void watch(ApiClient client) throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Call call = this.query.calls().make(client, this.resourceVersion, seconds);
		this.call = call;
		if (isClosed()) {
			return;
		}
		try (Watch<T> watch = Watch.createWatch(client, call, this.query.event().getType())) {
			for (Watch.Response<T> event : watch) {
				received(event);
			}
		}
	}

	private void received(Watch.Response<T> event) throws ApiException {
		T object = event.object;
		if (object == null || "ERROR".equals(event.type)) {
			Integer code = (event.status != null) ? event.status.getCode() : null;
			throw new ApiException((code != null) ? code : 500, "The server ended the watch with an error");
		}
		this.fruitless = 0;
		this.resourceVersion = Objects.requireNonNull(object.getMetadata()).getResourceVersion();
		switch (event.type) {
			case "ADDED", "MODIFIED" -> this.observer.changed(object);
			case "DELETED" -> this.observer.deleted(object);
			default -> {
				// A bookmark: the resource version is all it says
			}
		}
	}

	/** What the server refuses with a version is listed anew without one. */
	private void failed(ApiClient client, ApiException ex) {
		if (ex.getCode() == EXPIRED) {
			this.resourceVersion = null;
		}
		else if (new ApiFailures(client.getBasePath(), this.clock).translate(ex,
				null) instanceof SignerUnavailableException unavailable) {
			this.resourceVersion = (ex.getCode() == TIMEOUT) ? null : this.resourceVersion;
			this.retryAfter = (unavailable.retryAfter() != null) ? unavailable.retryAfter() : Duration.ZERO;
			interrupted(String.valueOf(unavailable.getMessage()));
		}
		else {
			this.resourceVersion = null;
			this.observer.refused(ex, this.fruitless);
		}
	}

	private void interrupted(String problem) {
		if (!isClosed()) {
			this.observer.interrupted(problem, this.fruitless);
		}
	}

	/** Not even an error, such as a class that is missing, ends a watch, or is silent. */
	private void interrupted(Throwable cause) {
		try {
			boolean error = cause instanceof Error;
			if (error && this.fruitless == 1) {
				logger.error("A watch failed, and is opened again", cause);
			}
			interrupted((error || cause.getMessage() == null) ? cause.toString() : cause.getMessage());
		}
		catch (Throwable ex) {
			// No memory for that either
		}
	}

	/** A watch that has ended is never opened again at once, whatever ended it. */
	private void pause() {
		Duration pause = pause(this.fruitless, this.retryAfter, ThreadLocalRandom.current().nextDouble());
		try {
			this.closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
			this.retryAfter = Duration.ZERO;
		}
		catch (InterruptedException ex) {
			this.closed.countDown();
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * How long to wait.
	 * @param fruitless how many times in a row nothing was brought
	 * @param retryAfter for how long the server does not want to be asked
	 * @param random a random number in [0, 1)
	 */
	static Duration pause(int fruitless, Duration retryAfter, double random) {
		if (retryAfter.compareTo(LONGEST_RETRY_AFTER) > 0) {
			return LONGEST_RETRY_AFTER;
		}
		int doublings = Math.min(Math.max(fruitless - 1, 0), 5);
		long limit = Math.min(LONGEST_PAUSE_MILLIS, SHORTEST_PAUSE_MILLIS << doublings);
		long wait = limit / 2 + (long) (random * limit / 2);
		return Duration.ofMillis(Math.max(wait, retryAfter.toMillis()));
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

	/**
	 * What to ask for.
	 *
	 * @param <T> the type of object
	 * @param <L> the type of its list
	 * @param list the type of the list
	 * @param event the type of an event
	 * @param calls makes the calls
	 */
	record Query<T, L>(TypeToken<L> list, TypeToken<Watch.Response<T>> event, Calls calls) {

	}

	/**
	 * Makes the calls of a query.
	 */
	@FunctionalInterface
	interface Calls {

		/**
		 * Make a call.
		 * @param resourceVersion where a watch begins, {@code null} for a list
		 * @param seconds how long a watch is to last, {@code null} for a list
		 */
		Call make(ApiClient client, @Nullable String resourceVersion, @Nullable Integer seconds) throws ApiException;

	}

}
