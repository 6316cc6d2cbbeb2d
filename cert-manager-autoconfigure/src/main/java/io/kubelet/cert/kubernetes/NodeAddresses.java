package io.kubelet.cert.kubernetes;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import com.google.gson.reflect.TypeToken;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1Node;
import io.kubernetes.client.openapi.models.V1NodeList;
import io.kubernetes.client.util.Watch;
import okhttp3.Call;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of a Node object, which is watched from when they are first asked for. A
 * node may read its own Node; anyone else needs {@code list} and {@code watch} on it.
 * Whatever goes wrong, the last addresses stay.
 */
public final class NodeAddresses implements AddressSource, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(NodeAddresses.class);

	/** A watch that is cut now and then is not worth a word. */
	private static final int FAILURES_TO_TELL = 3;

	private final String node;

	private final Executor executor;

	private final ObjectWatch<V1Node, V1NodeList> watch;

	private volatile List<NodeAddress> addresses = List.of();

	private volatile String problem = "";

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	/**
	 * Create a source.
	 * @param node the node's name
	 * @param clients asked for the client at each connection
	 * @param executor runs the watch, for as long as this is open
	 * @param clock the clock
	 */
	public NodeAddresses(String node, Supplier<ApiClient> clients, Executor executor, Clock clock) {
		this.node = node;
		this.executor = executor;
		this.watch = new ObjectWatch<>(new ObjectWatch.Query<>(new TypeToken<V1NodeList>() {
		}, new TypeToken<Watch.Response<V1Node>>() {
		}, this::call), new Observer(), clients, clock, null);
	}

	@Override
	public List<NodeAddress> addresses() {
		this.watch.start(this.executor);
		return this.addresses;
	}

	@Override
	public String description() {
		String problem = this.problem;
		return "addresses of node " + this.node + (problem.isEmpty() ? "" : " (" + problem + ")");
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.callbacks.add(changed);
		return true;
	}

	private void problemIs(String problem) {
		if (!problem.equals(this.problem)) {
			this.problem = problem;
			this.callbacks.forEach(Runnable::run);
		}
	}

	@Override
	public void close() {
		this.watch.close();
	}

	private Call call(ApiClient client, @Nullable String resourceVersion, @Nullable Integer seconds)
			throws ApiException {
		return new CoreV1Api(client).listNode()
			.fieldSelector("metadata.name=" + this.node)
			.watch(seconds != null)
			.allowWatchBookmarks(seconds != null)
			.resourceVersion(resourceVersion)
			.timeoutSeconds(seconds)
			.buildCall(null);
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

	private final class Observer implements WatchObserver<V1Node> {

		@Override
		public void listed(List<V1Node> nodes) {
			if (nodes.isEmpty()) {
				problemIs("there is no such node");
			}
			nodes.forEach(this::changed);
		}

		@Override
		public void changed(V1Node node) {
			List<NodeAddress> found = NodeAddresses.addresses(node).toList();
			problemIs(found.isEmpty() ? "it has none yet" : "");
			if (!found.isEmpty() && !found.equals(NodeAddresses.this.addresses)) {
				NodeAddresses.this.addresses = found;
				logger.info("The addresses of node {}: {}", NodeAddresses.this.node,
						found.stream().map(NodeAddress::address).distinct().toList());
				NodeAddresses.this.callbacks.forEach(Runnable::run);
			}
		}

		@Override
		public void deleted(V1Node node) {
			// A node that is registered anew has most often the same addresses
		}

		@Override
		public void interrupted(String problem, int times) {
			problemIs(problem);
			if (times == FAILURES_TO_TELL) {
				logger.warn("The addresses of node {} cannot be followed for now: {}", NodeAddresses.this.node,
						problem);
			}
		}

		@Override
		public void refused(ApiException answer, int times) {
			interrupted(ApiFailures.refusal(answer,
					"a node may read its own Node, anyone else needs list and watch on nodes"), times);
		}

	}

}
