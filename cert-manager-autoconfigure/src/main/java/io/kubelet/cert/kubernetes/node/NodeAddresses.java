package io.kubelet.cert.kubernetes.node;

import java.time.Clock;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.kubernetes.FollowedObject;
import io.kubelet.cert.kubernetes.Selection;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.models.V1Node;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The addresses of a Node object, which is watched from the first request for them. A
 * node may read its own Node object; other users need {@code list} and {@code watch} on
 * it. The last known addresses remain if the node is deleted or cannot be read.
 */
public final class NodeAddresses implements AddressSource, AutoCloseable {

	private static final Logger logger = LoggerFactory.getLogger(NodeAddresses.class);

	private final String node;

	private final FollowedObject<V1Node> followed;

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	private volatile Known known = new Known(List.of(), "");

	/**
	 * Creates a source.
	 * @param node the name of the node
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 * @param clock the clock
	 */
	public NodeAddresses(String node, Supplier<ApiClient> clients, Executor executor, Clock clock) {
		this.node = node;
		this.followed = new FollowedObject<>(Selection.byName(V1Node.class, "/api/v1/nodes", node), "Node " + node,
				"a node may read its own Node, other users need list and watch on nodes", this::changed, clients,
				executor, clock);
	}

	@Override
	public List<NodeAddress> addresses() {
		this.followed.state();
		return this.known.addresses;
	}

	@Override
	public String description() {
		String problem = this.known.problem;
		return "addresses of node " + this.node + (problem.isEmpty() ? "" : " (" + problem + ")");
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.callbacks.add(changed);
		return true;
	}

	@Override
	public void close() {
		this.followed.close();
	}

	private void changed(FollowedObject.State<V1Node> state) {
		Known before = this.known;
		List<NodeAddress> found = addresses(state.object());
		String problem = (state.object() != null && state.problem().isEmpty() && found.isEmpty()) ? "it has none yet"
				: state.problem();
		Known now = new Known(found.isEmpty() ? before.addresses : found, problem);
		this.known = now;
		if (!now.addresses.equals(before.addresses)) {
			logger.info("The addresses of node {} are {}", this.node,
					found.stream().map(NodeAddress::address).distinct().toList());
		}
		if (!now.equals(before)) {
			this.callbacks.forEach(Runnable::run);
		}
	}

	/** Unknown types are left out, as by the kubelet. */
	private static List<NodeAddress> addresses(@Nullable V1Node node) {
		if (node == null || node.getStatus() == null || node.getStatus().getAddresses() == null) {
			return List.of();
		}
		return node.getStatus()
			.getAddresses()
			.stream()
			.flatMap((address) -> NodeAddress.Type.of(address.getType())
				.map((type) -> Stream.of(new NodeAddress(type, address.getAddress())))
				.orElseGet(Stream::empty))
			.toList();
	}

	private record Known(List<NodeAddress> addresses, String problem) {

	}

}
