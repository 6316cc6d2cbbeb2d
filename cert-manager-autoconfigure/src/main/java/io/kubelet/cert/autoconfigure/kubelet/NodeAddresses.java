package io.kubelet.cert.autoconfigure.kubelet;

import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.function.Supplier;
import java.util.stream.Stream;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.autoconfigure.addresses.AddressSource;
import io.kubelet.cert.autoconfigure.addresses.NodeAddress;
import io.kubelet.cert.kubernetes.internal.ApiObjects;
import io.kubelet.cert.kubernetes.internal.watch.Informer;
import io.kubelet.cert.kubernetes.internal.watch.Selection;
import io.kubernetes.client.openapi.ApiClient;
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

	private final Informer informer;

	private final List<Runnable> callbacks = new CopyOnWriteArrayList<>();

	private volatile List<NodeAddress> last = List.of();

	/**
	 * Creates a source.
	 * @param node the name of the node
	 * @param clients returns the client to use; called for each connection
	 * @param executor runs the watch until this is closed
	 */
	public NodeAddresses(String node, Supplier<ApiClient> clients, Executor executor) {
		this.node = node;
		this.informer = new Informer(Selection.byName(node, "/api/v1/nodes"), "Node " + node,
				(status) -> "a node may read its own Node, other users need list and watch on nodes",
				(state) -> this.callbacks.forEach(Runnable::run), clients, executor);
	}

	@Override
	public List<NodeAddress> addresses() {
		List<NodeAddress> found = found();
		if (!found.isEmpty() && !found.equals(this.last)) {
			this.last = found;
			logger.info("The addresses of node {} are {}", this.node,
					found.stream().map(NodeAddress::address).distinct().toList());
		}
		return this.last;
	}

	@Override
	public String description() {
		String problem = this.informer.state().summary();
		String why = (problem.isEmpty() && found().isEmpty()) ? "it has none yet" : problem;
		return "addresses of node " + this.node + (why.isEmpty() ? "" : " (" + why + ")");
	}

	@Override
	public boolean onChange(Runnable changed) {
		this.callbacks.add(changed);
		return true;
	}

	@Override
	public void close() {
		this.informer.close();
	}

	private List<NodeAddress> found() {
		return this.informer.state().objects().stream().flatMap(NodeAddresses::addresses).toList();
	}

	/** Unknown types are left out, as by the kubelet, and what is no address. */
	private static Stream<NodeAddress> addresses(JsonObject node) {
		if (!(node.get("status") instanceof JsonObject status && status.get("addresses") instanceof JsonArray all)) {
			return Stream.empty();
		}
		return all.asList()
			.stream()
			.filter(JsonObject.class::isInstance)
			.map(JsonElement::getAsJsonObject)
			.flatMap(NodeAddresses::address);
	}

	private static Stream<NodeAddress> address(JsonObject json) {
		String type = ApiObjects.text(json, "type");
		String address = ApiObjects.text(json, "address");
		return (type != null && address != null)
				? NodeAddress.Type.of(type).map((known) -> new NodeAddress(known, address)).stream() : Stream.empty();
	}

}
