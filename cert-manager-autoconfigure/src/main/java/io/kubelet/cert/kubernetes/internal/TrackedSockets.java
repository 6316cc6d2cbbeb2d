package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

import javax.net.SocketFactory;

/**
 * Creates the sockets of a client and tracks those that are open. They have
 * {@code TCP_NODELAY} set: otherwise, a small request after another would wait for the
 * delayed acknowledgment of the server (40 ms).
 */
final class TrackedSockets extends SocketFactory {

	private final Set<Socket> sockets = Collections.newSetFromMap(new WeakHashMap<>());

	@Override
	public Socket createSocket() throws IOException {
		return track(new Socket());
	}

	@Override
	public Socket createSocket(String host, int port) throws IOException {
		return track(new Socket(host, port));
	}

	@Override
	public Socket createSocket(String host, int port, InetAddress localHost, int localPort) throws IOException {
		return track(new Socket(host, port, localHost, localPort));
	}

	@Override
	public Socket createSocket(InetAddress host, int port) throws IOException {
		return track(new Socket(host, port));
	}

	@Override
	public Socket createSocket(InetAddress host, int port, InetAddress localHost, int localPort) throws IOException {
		return track(new Socket(host, port, localHost, localPort));
	}

	/** Returns the open sockets. */
	synchronized List<Socket> open() {
		this.sockets.removeIf(Socket::isClosed);
		return List.copyOf(this.sockets);
	}

	private synchronized Socket track(Socket socket) throws IOException {
		socket.setTcpNoDelay(true);
		this.sockets.removeIf(Socket::isClosed);
		this.sockets.add(socket);
		return socket;
	}

}
