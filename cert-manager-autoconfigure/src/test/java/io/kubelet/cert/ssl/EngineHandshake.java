package io.kubelet.cert.ssl;

import java.nio.ByteBuffer;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLException;

import io.kubelet.cert.test.EmbeddedControlPlane;

/**
 * Full handshakes between two engines in memory, where nothing but TLS takes time.
 */
final class EngineHandshake {

	private static final ByteBuffer NOTHING = ByteBuffer.allocate(0);

	private EngineHandshake() {
	}

	/** How long a handshake takes with a client that has no session to resume. */
	static long nanos(SSLContext server, EmbeddedControlPlane plane) {
		SSLContext client = Connection.context(plane, null);
		long start = System.nanoTime();
		run(server, client);
		return System.nanoTime() - start;
	}

	private static void run(SSLContext serverContext, SSLContext clientContext) {
		SSLEngine server = serverContext.createSSLEngine();
		SSLEngine client = clientContext.createSSLEngine();
		server.setUseClientMode(false);
		client.setUseClientMode(true);
		ByteBuffer toServer = ByteBuffer.allocate(32_768);
		ByteBuffer toClient = ByteBuffer.allocate(32_768);
		ByteBuffer discarded = ByteBuffer.allocate(32_768);
		try {
			client.beginHandshake();
			server.beginHandshake();
			while (isHandshaking(client) || isHandshaking(server)) {
				step(client, toClient, toServer, discarded);
				step(server, toServer, toClient, discarded);
			}
		}
		catch (SSLException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static boolean isHandshaking(SSLEngine engine) {
		return engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING;
	}

	private static void step(SSLEngine engine, ByteBuffer in, ByteBuffer out, ByteBuffer discarded)
			throws SSLException {
		switch (engine.getHandshakeStatus()) {
			case NEED_TASK -> engine.getDelegatedTask().run();
			case NEED_WRAP -> engine.wrap(NOTHING, out);
			default -> {
				in.flip();
				engine.unwrap(in, discarded.clear());
				in.compact();
			}
		}
	}

}
