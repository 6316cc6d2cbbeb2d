package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * A port for a server that is started later, or again.
 */
public final class FreePort {

	private FreePort() {
	}

	/**
	 * Returns a free port below those that the system gives to connections and to servers
	 * that name none (Linux: 32768), since another process could get one of those
	 * meanwhile.
	 */
	public static int find() {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(10_000, 32_768);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				// Try another one
			}
		}
	}

}
