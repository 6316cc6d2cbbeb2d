package io.kubelet.cert.kubernetes.internal.watch;

import java.io.IOException;
import java.time.Duration;
import java.util.List;
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
 * ended. If it failed, or if it ended without an event or a bookmark, the objects are
 * listed again, in the first version of the API that the server serves: the etcd of the
 * server may have been restored from a backup, and such a server sends nothing until it
 * has reached the resource version again. There is always a {@link Backoff} in between.
 */
public final class Reflector implements AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(Reflector.class);

	private static final int GONE = 410;

	private static final int TOO_MANY_REQUESTS = 429;

	private static final int MINIMUM_SECONDS = 300;

	/** A watch that fails now and then is normal. */
	private static final int FAILURES_TO_REPORT = 3;

	private final Selection selection;

	private final Observer observer;

	private final Supplier<ApiClient> clients;

	private final AtomicBoolean started = new AtomicBoolean();

	private final CountDownLatch closed = new CountDownLatch(1);

	private volatile @Nullable Call call;

	private final Lister lister;

	/** Where to continue; {@code null} if the objects have to be listed first. */
	private @Nullable String resourceVersion;

	private final Backoff backoff = new Backoff();

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
		this.lister = new Lister(selection);
		this.observer = observer;
		this.clients = clients;
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

	/**
	 * States that an application waits for the objects from now on.
	 * @param timeout after which the application gives up
	 */
	void awaitedFor(Duration timeout) {
		this.backoff.awaitedFor(timeout);
	}

	private void run() {
		while (!isClosed()) {
			this.backoff.opening();
			try {
				follow(this.clients.get());
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

	private void follow(ApiClient client) {
		try {
			watch(client, (this.resourceVersion != null) ? this.resourceVersion : list(client));
		}
		catch (IOException | ApiException ex) {
			failed(client, ex);
		}
	}

	private String list(ApiClient client) throws ApiException, IOException {
		this.observer.listing();
		WatchJson.Listed list = this.lister.list(client, this.observer::wants);
		this.observer.listed(list.objects());
		this.resourceVersion = list.resourceVersion();
		return list.resourceVersion();
	}

	/** Each event is a line of JSON. */
	private void watch(ApiClient client, String resourceVersion) throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Call call = this.selection.watch(client, this.lister.path(), resourceVersion, seconds);
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

	private void received(String line) throws ApiException {
		WatchJson.Event event = WatchJson.event(line);
		this.backoff.reset();
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
		int code = (ex instanceof ApiException answer) ? answer.getCode() : 0;
		if (code != TOO_MANY_REQUESTS) {
			this.resourceVersion = null;
		}
		if (isClosed() || code == GONE) {
			return;
		}
		RequestException failure = new ApiFailures(client.getBasePath()).translate(ex, null);
		if (failure.kind() != Kind.UNAVAILABLE && code != 0 && ex instanceof ApiException answer) {
			report(this.observer.refused(answer, failure.kind()));
		}
		else {
			this.backoff.askedFor(failure.retryAfter());
			interrupted(failure.kind(), String.valueOf(failure.getMessage()), ex);
		}
	}

	/** Not even an error, such as a missing class, ends a watch or goes unreported. */
	private void failed(Throwable cause) {
		try {
			if (cause instanceof Error && this.backoff.attempts() == 1) {
				logger.error("A watch failed and is opened again", cause);
			}
			interrupted(Kind.of(cause),
					(cause instanceof CertificateManagerException known) ? String.valueOf(known.getMessage())
							: "the watch failed (%s)".formatted(cause.getClass().getSimpleName()),
					cause);
		}
		catch (Throwable ex) {
			// No memory for that either
		}
	}

	private void interrupted(Kind kind, String problem, Throwable cause) {
		if (!isClosed()) {
			this.observer.interrupted(kind, problem, cause);
			report(problem);
		}
	}

	private void report(String problem) {
		if (this.backoff.attempts() == FAILURES_TO_REPORT && !isClosed()) {
			this.reported = true;
			logger.warn("{} cannot be watched for now: {}", this.observer, problem);
		}
	}

	/** A watch is never opened again at once, whatever ended it. */
	private void pause() {
		Duration pause = this.backoff.next(ThreadLocalRandom.current().nextDouble());
		try {
			this.closed.await(pause.toMillis(), TimeUnit.MILLISECONDS);
		}
		catch (InterruptedException ex) {
			this.closed.countDown();
			Thread.currentThread().interrupt();
		}
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

	/**
	 * Observes a {@link Reflector}, on its thread. {@code toString} names what is
	 * watched.
	 */
	public interface Observer {

		/** The objects are about to be listed. */
		default void listing() {
		}

		/** Returns whether an object is to be in the list. The others are not kept. */
		default boolean wants(JsonObject object) {
			return true;
		}

		/** All objects were listed. These are the wanted ones. */
		void listed(List<JsonObject> objects);

		/** An object was created or has changed. */
		void changed(JsonObject object);

		/** An object was deleted. This is its last state. */
		void deleted(JsonObject object);

		/**
		 * The watch failed and will be opened again.
		 * @param kind {@link Kind#UNAVAILABLE} if the API server cannot be reached or is
		 * busy, otherwise the application cannot ask it
		 * @param problem what is wrong
		 * @param cause the exception, such as that an answer is too large
		 */
		default void interrupted(Kind kind, String problem, Throwable cause) {
		}

		/**
		 * The server refuses the watch, which is opened again unless it is closed.
		 * @param answer the answer
		 * @param kind what it means
		 * @return what is wrong
		 */
		String refused(ApiException answer, Kind kind);

	}

}
