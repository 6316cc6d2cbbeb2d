package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.WeakHashMap;

import javax.net.SocketFactory;

/**
 * Makes the sockets of a client, and knows those that are open. They send at once: a
 * small request that follows another would otherwise wait for the acknowledgment of the
 * server, which takes its time (40 ms).
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

	/** The sockets that are open now. */
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
