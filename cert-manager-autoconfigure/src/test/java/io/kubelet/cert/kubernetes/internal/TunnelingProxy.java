package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Scanner;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.testsupport.Load;

/**
 * A proxy that connects its clients to the servers that they name with {@code CONNECT}.
 */
final class TunnelingProxy implements AutoCloseable {

	private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

	private final List<String> targets = new CopyOnWriteArrayList<>();

	TunnelingProxy() throws IOException {
		start(() -> {
			while (true) {
				Socket client = this.listener.accept();
				start(() -> connect(client));
			}
		});
	}

	int port() {
		return this.listener.getLocalPort();
	}

	/** The servers that clients have named. */
	List<String> targets() {
		return List.copyOf(this.targets);
	}

	/** The client sends nothing after its request before that is answered. */
	private void connect(Socket client) throws IOException {
		Scanner request = new Scanner(client.getInputStream(), StandardCharsets.US_ASCII);
		String[] line = request.nextLine().split(" ");
		assertConnect(line);
		this.targets.add(line[1]);
		while (!request.nextLine().isEmpty()) {
			// A header
		}
		String[] target = line[1].split(":");
		Socket server = new Socket(target[0], Integer.parseInt(target[1]));
		client.getOutputStream().write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		start(() -> pass(server, client));
		pass(client, server);
	}

	private static void assertConnect(String[] line) throws IOException {
		if (!line[0].equals("CONNECT")) {
			throw new IOException("Not a tunnel: " + line[0]);
		}
	}

	private static void pass(Socket from, Socket to) throws IOException {
		try (from; to) {
			from.getInputStream().transferTo(to.getOutputStream());
		}
	}

	private static void start(Load.ThrowingRunnable task) {
		Thread thread = new Thread(() -> {
			try {
				task.run();
			}
			catch (Exception ex) {
				// A connection or the proxy was closed
			}
		}, "proxy");
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
	}

}
