package io.kubelet.cert.kubernetes;

import java.net.Socket;
import java.net.SocketAddress;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.WeakHashMap;
import java.util.function.Predicate;
import java.util.stream.Collectors;

import okhttp3.Call;
import okhttp3.Connection;
import okhttp3.EventListener;
import okhttp3.Handshake;
import org.jspecify.annotations.Nullable;

/**
 * Tracks the connections of a client and their sockets, to close those that were opened
 * before a rotation.
 */
final class TrackedConnections extends EventListener {

	private final TrackedSockets sockets = new TrackedSockets();

	private final Set<Connection> connections = Collections.newSetFromMap(new WeakHashMap<>());

	private final Map<Call, Call> successors = new WeakHashMap<>();

	/** Returns the factory of the client's sockets. */
	TrackedSockets sockets() {
		return this.sockets;
	}

	@Override
	public synchronized void connectionAcquired(Call call, Connection connection) {
		this.connections.add(connection);
	}

	/** Makes a call that replaces another be cancelled with it. */
	void replace(Call call, Call successor) {
		synchronized (this) {
			this.successors.put(call, successor);
		}
		if (call.isCanceled()) {
			successor.cancel();
		}
	}

	@Override
	public void canceled(Call call) {
		Call successor;
		synchronized (this) {
			successor = this.successors.get(call);
		}
		if (successor != null) {
			successor.cancel();
		}
	}

	/**
	 * Returns the sockets of the open connections that match. These are the sockets below
	 * TLS, because closing a TLS socket may block.
	 */
	synchronized List<Socket> sockets(Predicate<@Nullable Handshake> handshake) {
		Set<Addresses> chosen = this.connections.stream()
			.filter((connection) -> handshake.test(connection.handshake()))
			.map((connection) -> Addresses.of(connection.socket()))
			.collect(Collectors.toSet());
		return this.sockets.open().stream().filter((socket) -> chosen.contains(Addresses.of(socket))).toList();
	}

	/** What a TLS socket and the socket below it have in common. */
	private record Addresses(@Nullable SocketAddress local, @Nullable SocketAddress remote) {

		static Addresses of(Socket socket) {
			return new Addresses(socket.getLocalSocketAddress(), socket.getRemoteSocketAddress());
		}

	}

}
