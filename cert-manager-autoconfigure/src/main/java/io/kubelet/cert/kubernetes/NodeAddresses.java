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
import java.util.stream.Stream;

import com.google.gson.reflect.TypeToken;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.apis.CoreV1Api.APIlistNodeRequest;
import io.kubernetes.client.openapi.models.V1Node;
import io.kubernetes.client.openapi.models.V1NodeList;
import io.kubernetes.client.openapi.models.V1Status;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import okhttp3.Request;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of a Node object: listed, then watched for as long as this is open, on
 * one thread that begins when they are first asked for. A node may read its own Node;
 * anyone else needs {@code list} and {@code watch} on it. Whatever goes wrong, the last
 * addresses stay, and the client is asked for again after a wait that grows to half a
 * minute: it may have other credentials by then.
 */
public final class NodeAddresses implements AddressSource, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(NodeAddresses.class);

	private static final int MINIMUM_SECONDS = 300;

	/** How much longer than the server a watch is left open, before it counts as dead. */
	private static final Duration GRACE = Duration.ofSeconds(30);

	private static final long SHORTEST_PAUSE_MILLIS = 1000;

	private static final long LONGEST_PAUSE_MILLIS = 30_000;

	/** A watch that is cut now and then is not worth a word. */
	private static final int FAILURES_TO_TELL = 3;

	private final String node;

	private final Supplier<ApiClient> clients;

	private final Executor executor;

	private final Clock clock;

	private final AtomicBoolean started = new AtomicBoolean();

	private final CountDownLatch closed = new CountDownLatch(1);

	private volatile List<NodeAddress> addresses = List.of();

	private volatile String problem = "";

	private volatile @Nullable Call call;

	/** How many times in a row it was opened and brought nothing. */
	private int fruitless;

	private Duration retryAfter = Duration.ZERO;

	private @Nullable String resourceVersion;

	/**
	 * Create a source.
	 * @param node the node's name
	 * @param clients asked for the client at each connection
	 * @param executor runs the watch, for as long as this is open
	 * @param clock the clock
	 */
	public NodeAddresses(String node, Supplier<ApiClient> clients, Executor executor, Clock clock) {
		this.node = node;
		this.clients = clients;
		this.executor = executor;
		this.clock = clock;
	}

	@Override
	public List<NodeAddress> addresses() {
		if (this.started.compareAndSet(false, true) && !isClosed()) {
			this.executor.execute(this::run);
		}
		return this.addresses;
	}

	@Override
	public String description() {
		String problem = this.problem;
		return "addresses of node " + this.node + (problem.isEmpty() ? "" : " (" + problem + ")");
	}

	@Override
	public void close() {
		this.closed.countDown();
		Call call = this.call;
		if (call != null) {
			call.cancel();
		}
	}

	private void run() {
		while (!isClosed()) {
			this.fruitless++;
			try {
				follow(this.clients.get());
			}
			catch (IOException | RuntimeException ex) {
				failed((ex.getMessage() != null) ? ex.getMessage() : ex.toString());
			}
			pause();
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
			refused(ex, new ApiFailures(client.getBasePath(), this.clock).translate(ex, null));
		}
	}

	private void list(ApiClient client) throws ApiException {
		V1NodeList list = request(client).execute();
		this.problem = "there is no such node";
		for (V1Node node : list.getItems()) {
			take(node);
		}
		this.resourceVersion = Objects.requireNonNull(list.getMetadata()).getResourceVersion();
	}

	private void watch(ApiClient client) throws ApiException, IOException {
		int seconds = MINIMUM_SECONDS + ThreadLocalRandom.current().nextInt(MINIMUM_SECONDS);
		Request request = request(client).watch(true)
			.allowWatchBookmarks(true)
			.resourceVersion(this.resourceVersion)
			.timeoutSeconds(seconds)
			.buildCall(null)
			.request();
		Call call = client.getHttpClient()
			.newBuilder()
			.readTimeout(Duration.ofSeconds(seconds).plus(GRACE))
			.build()
			.newCall(request);
		this.call = call;
		if (isClosed()) {
			return;
		}
		try (Watch<V1Node> watch = Watch.createWatch(client, call, new TypeToken<Watch.Response<V1Node>>() {
		}.getType())) {
			for (Watch.Response<V1Node> event : watch) {
				received(event);
			}
		}
	}

	private void received(Watch.Response<V1Node> event) {
		V1Node node = event.object;
		if (node == null || "ERROR".equals(event.type)) {
			// Most often too old a version (410): the node is listed anew
			this.resourceVersion = null;
			return;
		}
		this.fruitless = 0;
		this.resourceVersion = Objects.requireNonNull(node.getMetadata()).getResourceVersion();
		if ("ADDED".equals(event.type) || "MODIFIED".equals(event.type)) {
			take(node);
		}
	}

	private void take(V1Node node) {
		List<NodeAddress> addresses = addresses(node).toList();
		this.problem = addresses.isEmpty() ? "it has none yet" : "";
		if (!addresses.isEmpty() && !addresses.equals(this.addresses)) {
			this.addresses = addresses;
			logger.info("The addresses of node {}: {}", this.node,
					addresses.stream().map(NodeAddress::address).distinct().toList());
		}
	}

	/** Types that are not known here are left out, as the kubelet does. */
	private static Stream<NodeAddress> addresses(V1Node node) {
		if (node.getStatus() == null || node.getStatus().getAddresses() == null) {
			return Stream.empty();
		}
		return node.getStatus()
			.getAddresses()
			.stream()
			.flatMap((address) -> NodeAddress.Type.of(address.getType())
				.map((type) -> new NodeAddress(type, address.getAddress()))
				.stream());
	}

	private APIlistNodeRequest request(ApiClient client) {
		return new CoreV1Api(client).listNode().fieldSelector("metadata.name=" + this.node);
	}

	private void refused(ApiException ex, RequestException failure) {
		if (failure instanceof SignerUnavailableException unavailable) {
			this.retryAfter = (unavailable.retryAfter() != null) ? unavailable.retryAfter() : Duration.ZERO;
			failed(String.valueOf(failure.getMessage()));
			return;
		}
		V1Status status = ApiFailures.status(ex.getResponseBody());
		failed("the API server answers %d: %s; a node may read its own Node, anyone else needs list and watch on nodes"
			.formatted(ex.getCode(), (status != null) ? status.getMessage() : ex.getMessage()));
	}

	/** What the server refuses with a version is listed anew without one. */
	private void failed(String problem) {
		this.resourceVersion = null;
		if (!isClosed()) {
			this.problem = problem;
			if (this.fruitless == FAILURES_TO_TELL) {
				logger.warn("The addresses of node {} cannot be followed for now: {}", this.node, problem);
			}
		}
	}

	/** A watch that has ended is never opened again at once, whatever ended it. */
	private void pause() {
		long limit = longestPause(this.fruitless);
		try {
			long wait = limit / 2 + ThreadLocalRandom.current().nextLong(limit / 2);
			this.closed.await(Math.max(wait, this.retryAfter.toMillis()), TimeUnit.MILLISECONDS);
			this.retryAfter = Duration.ZERO;
		}
		catch (InterruptedException ex) {
			this.closed.countDown();
			Thread.currentThread().interrupt();
		}
	}

	static long longestPause(int fruitless) {
		return Math.min(LONGEST_PAUSE_MILLIS, SHORTEST_PAUSE_MILLIS << Math.min(fruitless, 5));
	}

	private boolean isClosed() {
		return this.closed.getCount() == 0;
	}

}
