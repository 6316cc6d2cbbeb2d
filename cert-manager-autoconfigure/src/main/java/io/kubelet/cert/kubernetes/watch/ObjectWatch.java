package io.kubelet.cert.kubernetes.watch;

import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonParser;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.kubernetes.ApiFailures;
import io.kubelet.cert.kubernetes.ApiObjects;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches objects until it is closed. A watch that ends is opened again where it ended;
 * if its resource version cannot be used any more (410 among others), the objects are
 * listed again, in the first version of the API that the server serves. There is always a
 * pause in between. It grows up to half a minute for as long as the watch brings nothing.
 * If the server asks for a longer pause, it is made, up to an hour.
 *
 * @param <T> the type of object
 */
public final class ObjectWatch<T> implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(ObjectWatch.class);

	private static final Set<String> CHANGES = Set.of("ADDED", "MODIFIED", "DELETED");

	private static final int NOT_FOUND = 404;

	private static final int GONE = 410;

	/**
	 * Also the answer to a resource version that a restored server has not reached yet.
	 */
	private static final int GATEWAY_TIMEOUT = 504;

	private static final int MINIMUM_SECONDS = 300;

	private static final long SHORTEST_PAUSE_MILLIS = 1000;

	private static final long LONGEST_PAUSE_MILLIS = 30_000;

	/** A proxy may ask for a day. */
	private static final Duration LONGEST_RETRY_AFTER = Duration.ofHours(1);

	/** A watch that fails now and then is normal. */
	private static final int FAILURES_TO_REPORT = 3;

	private final Selection<T> selection;

	private final Observer<T> observer;

	private final Supplier<ApiClient> clients;

	private final Clock clock;

	private final AtomicBoolean started = new AtomicBoolean();

	private final CountDownLatch closed = new CountDownLatch(1);

	private volatile @Nullable Call call;

	/** The path in the version of the API that the server serves, as far as known. */
	private String path;

	/** Where to continue; {@code null} if the objects have to be listed first. */
	private @Nullable String resourceVersion;

	/** How many times in a row it was opened and brought nothing. */
	private int fruitless;

	private Duration retryAfter = Duration.ZERO;

	/**
	 * Creates a watch.
	 * @param selection the objects
	 * @param observer the observer
	 * @param clients returns the client to use; called for each connection
	 * @param clock the clock
	 * @param resourceVersion where to begin, {@code null} to begin with a list
	 */
	public ObjectWatch(Selection<T> selection, Observer<T> observer, Supplier<ApiClient> clients, Clock clock,
			@Nullable String resourceVersion) {
		this.selection = selection;
		this.path = selection.paths().get(0);
		this.observer = observer;
		this.clients = clients;
		this.clock = clock;
		this.resourceVersion = resourceVersion;
	}

	/**
	 * Starts the watch unless it has been started. If the executor throws an exception,
	 * such as for lack of a thread, it is thrown, and the next call tries again.
	 * @param executor runs the watch until this is closed
	 */
	public void start(Executor executor) {
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

	private void follow(ApiClient client) {
		try {
			String resourceVersion = (this.resourceVersion != null) ? this.resourceVersion : list(client);
			watch(client, resourceVersion);
		}
		catch (IOException ex) {
			failed(client, new ApiException(ex));
		}
		catch (ApiException ex) {
			failed(client, ex);
		}
	}

	private String list(ApiClient client) throws ApiException {
		this.observer.listing();
		JsonObject list = listed(client);
		List<T> objects = new ArrayList<>();
		String resourceVersion = parse(() -> {
			if (list.get("items") instanceof JsonArray items) {
				items.forEach((item) -> objects.add(object(item)));
			}
			return resourceVersion(list);
		});
		this.observer.listed(objects);
		this.resourceVersion = resourceVersion;
		return resourceVersion;
	}

	/** A version that the server does not serve is not found. */
	private JsonObject listed(ApiClient client) throws ApiException {
		Iterator<String> paths = this.selection.paths().iterator();
		while (true) {
			this.path = paths.next();
			try {
				return client.<JsonObject>execute(this.selection.list(client, this.path), JsonObject.class).getData();
			}
			catch (ApiException ex) {
				if (ex.getCode() != NOT_FOUND || !paths.hasNext()) {
					throw ex;
				}
			}
		}
	}

	/** Each event is a line of JSON. */
	private void watch(ApiClient client, String resourceVersion) throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Call call = this.selection.watch(client, this.path, resourceVersion, seconds);
		this.call = call;
		if (isClosed()) {
			return;
		}
		try (Response response = call.execute()) {
			if (!response.isSuccessful()) {
				client.handleResponse(response, JsonObject.class);
			}
			BufferedSource lines = response.body().source();
			for (String line = lines.readUtf8Line(); line != null; line = lines.readUtf8Line()) {
				received(line);
			}
		}
	}

	private void received(String line) throws ApiException {
		JsonObject event = parse(() -> JsonParser.parseString(line).getAsJsonObject());
		String type = parse(() -> event.get("type").getAsString());
		JsonObject json = parse(() -> event.getAsJsonObject("object"));
		if (type.equals("ERROR")) {
			int code = parse(() -> json.has("code") ? json.get("code").getAsInt() : 500);
			throw new ApiException(code, "The server ended the watch with an error");
		}
		String resourceVersion = parse(() -> resourceVersion(json));
		// Other events, such as bookmarks, contain nothing but a resource version
		boolean change = CHANGES.contains(type);
		Optional<T> object = parse(() -> change ? Optional.of(object(json)) : Optional.empty());
		this.fruitless = 0;
		object.ifPresent(type.equals("DELETED") ? this.observer::deleted : this.observer::changed);
		this.resourceVersion = resourceVersion;
	}

	private T object(JsonElement json) {
		return ApiObjects.read(json, this.selection.type());
	}

	private static String resourceVersion(JsonObject listOrObject) {
		return listOrObject.getAsJsonObject("metadata").get("resourceVersion").getAsString();
	}

	/** The message of a parser quotes what it parsed, so it is not passed on. */
	private static <V> V parse(Supplier<V> parser) throws ApiException {
		try {
			return parser.get();
		}
		catch (RuntimeException ex) {
			throw new ApiException(ex);
		}
	}

	/** If the server refuses a resource version, the next attempt begins with a list. */
	private void failed(ApiClient client, ApiException ex) {
		if (ex.getCode() == GONE) {
			this.resourceVersion = null;
		}
		else if (new ApiFailures(client.getBasePath(), this.clock).translate(ex,
				null) instanceof SignerUnavailableException unavailable) {
			this.resourceVersion = (ex.getCode() == GATEWAY_TIMEOUT) ? null : this.resourceVersion;
			this.retryAfter = (unavailable.retryAfter() != null) ? unavailable.retryAfter() : Duration.ZERO;
			interrupted(String.valueOf(unavailable.getMessage()));
		}
		else {
			this.resourceVersion = null;
			report(this.observer.refused(ex));
		}
	}

	private void interrupted(String problem) {
		if (!isClosed()) {
			this.observer.interrupted(problem);
			report(problem);
		}
	}

	private void report(String problem) {
		if (this.fruitless == FAILURES_TO_REPORT) {
			logger.warn("{} cannot be watched at the moment: {}", this.observer, problem);
		}
	}

	/** Not even an error, such as a missing class, ends a watch or goes unreported. */
	private void interrupted(Throwable cause) {
		try {
			if (cause instanceof Error && this.fruitless == 1) {
				logger.error("A watch failed and is opened again", cause);
			}
			boolean ours = cause instanceof CertificateManagerException || cause instanceof IllegalStateException;
			interrupted((ours && cause.getMessage() != null) ? cause.getMessage()
					: "the watch failed (%s)".formatted(cause.getClass().getSimpleName()));
		}
		catch (Throwable ex) {
			// No memory for that either
		}
	}

	/** A watch is never opened again at once, whatever ended it. */
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
	 * Returns how long to wait.
	 * @param fruitless how many times in a row the watch brought nothing
	 * @param retryAfter how long the server asks to wait
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
	 * Observes a watch, on its thread. The string representation names what is watched.
	 *
	 * @param <T> the type of object
	 */
	public interface Observer<T> {

		/**
		 * The objects are about to be listed.
		 */
		default void listing() {
		}

		/**
		 * The objects were listed.
		 * @param objects all objects
		 */
		void listed(List<T> objects);

		/**
		 * An object was created or has changed.
		 * @param object the object
		 */
		void changed(T object);

		/**
		 * An object was deleted.
		 * @param object its last state
		 */
		void deleted(T object);

		/**
		 * The watch failed and will be opened again.
		 * @param problem what is wrong
		 */
		void interrupted(String problem);

		/**
		 * The server refuses the watch. It will be opened again all the same.
		 * @param answer the answer of the server
		 * @return what is wrong
		 */
		String refused(ApiException answer);

	}

}
