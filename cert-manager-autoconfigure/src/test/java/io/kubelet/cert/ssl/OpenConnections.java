package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * Forwards connections to a server, and counts those that are open.
 */
final class OpenConnections implements AutoCloseable {

	private final ExecutorService threads = Executors.newCachedThreadPool();

	private final AtomicInteger open = new AtomicInteger();

	private final ServerSocket socket;

	private final int target;

	OpenConnections(URI server) throws IOException {
		this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		this.target = server.getPort();
		this.threads.execute(this::accept);
	}

	URI uri() {
		return URI.create("https://localhost:" + this.socket.getLocalPort() + "/");
	}

	int count() {
		return this.open.get();
	}

	private void accept() {
		try {
			while (!this.socket.isClosed()) {
				Socket client = this.socket.accept();
				Socket server = new Socket(InetAddress.getLoopbackAddress(), this.target);
				this.open.incrementAndGet();
				this.threads.execute(() -> {
					forward(client, server);
					this.open.decrementAndGet();
				});
				this.threads.execute(() -> forward(server, client));
			}
		}
		catch (IOException ex) {
			// Closed
		}
	}

	private static void forward(Socket from, Socket to) {
		try (from; to) {
			from.getInputStream().transferTo(to.getOutputStream());
		}
		catch (IOException ex) {
			// One end is as good as the other
		}
	}

	@Override
	public void close() {
		try {
			this.socket.close();
			this.threads.shutdownNow();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

}
