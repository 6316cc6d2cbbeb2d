package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Supplier;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.kubernetes.internal.ApiFailures;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import okhttp3.Call;
import okhttp3.Response;
import okio.BufferedSource;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Watches objects until it is closed. A watch whose time is up is opened again where it
 * ended, and so is one that the server was too busy for once or twice, as in client-go.
 * If it failed otherwise, or if it ended without an event or a bookmark, the objects are
 * listed again, in the first version of the API that the server serves: the etcd of the
 * server may have been restored from a backup, and such a server sends nothing until it
 * has reached the resource version again. There is always a pause in between.
 */
public final class Reflector implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(Reflector.class);

	private static final int GONE = 410;

	private static final int TOO_MANY_REQUESTS = 429;

	private static final int MINIMUM_SECONDS = 300;

	/** A watch that fails now and then is normal. */
	private static final int FAILURES_TO_REPORT = 3;

	private static final long LONGEST_PAUSE = 30_000;

	/**
	 * A server or a proxy may ask for an hour. Meanwhile, it would remain unknown that a
	 * request was answered or that an authority was removed.
	 */
	private static final Duration LONGEST_RETRY_AFTER = Duration.ofSeconds(10);

	private final Selection selection;

	private final Observer observer;

	private final Supplier<ApiClient> clients;

	private final AtomicBoolean started = new AtomicBoolean();

	private final CountDownLatch closed = new CountDownLatch(1);

	private volatile @Nullable Call call;

	/** The path of the list in the version of the API that the server serves. */
	private String path;

	/** Where to continue; {@code null} if the objects have to be listed first. */
	private @Nullable String resourceVersion;

	/** The address of the server that was asked last, {@code null} if none was. */
	private @Nullable String server;

	/** How many times in a row the watch was opened without an event. */
	private int attempts;

	/** How long the server asks to wait. */
	private Duration retryAfter = Duration.ZERO;

	/** Whether the log says that the objects cannot be watched. */
	private boolean reported;

	/**
	 * Creates a watch.
	 * @param selection the objects
	 * @param observer the observer
	 * @param clients returns the client to use; called for each connection
	 * @param resourceVersion where to begin, {@code null} to begin with a list
	 */
	public Reflector(Selection selection, Observer observer, Supplier<ApiClient> clients,
			@Nullable String resourceVersion) {
		this.selection = selection;
		this.path = selection.paths().get(0);
		this.observer = observer;
		this.clients = clients;
		this.resourceVersion = resourceVersion;
	}

	/**
	 * Starts the watch unless it has been started. If there is no thread for it, the next
	 * call tries again.
	 * @param executor runs the watch until this is closed
	 */
	public void start(Executor executor) {
		if (!isClosed() && this.started.compareAndSet(false, true)) {
			try {
				executor.execute(this::run);
			}
			catch (RuntimeException | Error ex) {
				this.started.set(false);
				throw ex;
			}
		}
	}

	private void run() {
		while (!isClosed()) {
			this.attempts++;
			try {
				listAndWatch(this.clients.get());
			}
			catch (Throwable ex) {
				failed(ex);
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

	private void listAndWatch(ApiClient client) {
		if (this.server != null && !this.server.equals(client.getBasePath())) {
			// Another cluster has other objects, and other versions
			this.resourceVersion = null;
		}
		this.server = client.getBasePath();
		try {
			watch(client, (this.resourceVersion != null) ? this.resourceVersion : list(client));
		}
		catch (IOException | ApiException ex) {
			failed(client, ex);
		}
	}

	private String list(ApiClient client) throws ApiException, IOException {
		this.observer.listing();
		WatchJson.Listed list = WatchJson.list(client, this.selection, this.observer::wants);
		this.observer.listed(list.objects());
		this.path = list.path();
		this.resourceVersion = list.resourceVersion();
		return list.resourceVersion();
	}

	/** Each event is a line of JSON. */
	private void watch(ApiClient client, String resourceVersion) throws ApiException, IOException {
		int seconds = seconds(ThreadLocalRandom.current().nextDouble());
		Call call = this.selection.watch(client, this.path, resourceVersion, seconds);
		this.call = call;
		if (isClosed()) {
			return;
		}
		try (Response response = call.execute()) {
			BufferedSource lines = ApiObjects.stream(response);
			this.resourceVersion = null;
			for (String line = ApiObjects.line(lines); line != null; line = ApiObjects.line(lines)) {
				received(line);
			}
		}
	}

	/** Many watches that began together do not end together. */
	static int seconds(double random) {
		return MINIMUM_SECONDS + (int) (MINIMUM_SECONDS * random);
	}

	private void received(String line) throws ApiException {
		WatchJson.Event event = WatchJson.event(line);
		this.attempts = 0;
		if (this.reported) {
			this.reported = false;
			logger.info("{} can be watched again", this.observer);
		}
		JsonObject object = event.object();
		if (object != null && event.deletes()) {
			this.observer.deleted(object);
		}
		else if (object != null) {
			this.observer.changed(object);
		}
		this.resourceVersion = event.resourceVersion();
	}

	private void failed(ApiClient client, Exception ex) {
		int code = (ex instanceof ApiException response) ? response.getCode() : 0;
		String known = this.resourceVersion;
		this.resourceVersion = null;
		if (isClosed() || code == GONE) {
			return;
		}
		RequestException failure = new ApiFailures(client.toString()).translate(ex, null);
		this.retryAfter = Objects.requireNonNullElse(failure.retryAfter(), Duration.ZERO);
		if (code == TOO_MANY_REQUESTS && known != null && this.attempts < FAILURES_TO_REPORT) {
			this.resourceVersion = known;
		}
		else if (failure.kind() != Kind.UNAVAILABLE && code != 0 && ex instanceof ApiException response) {
			report(this.observer.watchFailed(response, failure.kind()));
		}
		else {
			interrupted(failure.kind(), String.valueOf(failure.getMessage()));
		}
	}

	/**
	 * An observer that fails, as for lack of memory, does not end the watch. It learns
	 * from the next list that the objects are watched again: a watch may bring nothing.
	 */
	private void failed(Throwable cause) {
		this.resourceVersion = null;
		try {
			interrupted(Kind.of(cause),
					(cause instanceof CertificateManagerException known) ? String.valueOf(known.getMessage())
							: "the watch failed (%s)".formatted(cause.getClass().getSimpleName()));
		}
		catch (Throwable ex) {
			// No memory for that either
		}
	}

	private void interrupted(Kind kind, String problem) {
		if (!isClosed()) {
			this.observer.interrupted(kind, problem);
			report(problem);
		}
	}

	private void report(String problem) {
		if (this.attempts >= FAILURES_TO_REPORT && !this.reported && !isClosed()) {
			this.reported = true;
			logger.warn("{} cannot be watched for now: {}", this.observer, problem);
		}
	}

	/** A watch is never opened again at once, whatever ended it. */
	private void pause() {
		long pause = pause(this.attempts, this.retryAfter, ThreadLocalRandom.current().nextDouble());
		this.retryAfter = Duration.ZERO;
		try {
			this.closed.await(pause, TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			this.closed.countDown();
			Thread.currentThread().interrupt();
		}
	}

	/**
	 * Up to a second at first, up to half a minute after several attempts without an
	 * event. If the server asks for a longer pause, it is made, up to ten seconds.
	 */
	static long pause(int attempts, Duration retryAfter, double random) {
		long longest = Math.min(LONGEST_PAUSE, 500L << Math.min(attempts, 6));
		long pause = (long) (longest * (1 + random) / 2);
		return Math.max(pause, Math.min(retryAfter.toMillis(), LONGEST_RETRY_AFTER.toMillis()));
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

}
