package io.kubelet.cert.ssl;

import java.io.EOFException;
import java.io.IOException;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.ByteBuffer;
import java.util.Arrays;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLEngineResult.HandshakeStatus;
import javax.net.ssl.SSLEngineResult.Status;

/**
 * A client's handshake of TLS 1.2 that stops before one of its messages, and may go on
 * later.
 */
final class HeldHandshake implements AutoCloseable {

	private static final int RECORD = 32_768;

	private final SSLEngine engine;

	private final Socket socket;

	private final ByteBuffer received = ByteBuffer.allocate(RECORD).flip();

	private byte[] held = {};

	private HeldHandshake(SSLContext client, int port) throws IOException {
		this.engine = client.createSSLEngine();
		this.engine.setUseClientMode(true);
		this.engine.beginHandshake();
		this.socket = new Socket("localhost", port);
	}

	/** Sends nothing but what begins the handshake. */
	static HeldHandshake beforeCertificate(SSLContext client, int port) throws IOException {
		return new HeldHandshake(client, port).goOn((record) -> record[0] == 22 && record[5] == 11);
	}

	/** Sends the certificate and the proof of its key, but not the last messages. */
	static HeldHandshake beforeFinished(SSLContext client, int port) throws IOException {
		return new HeldHandshake(client, port).goOn((record) -> record[0] == 20);
	}

	/**
	 * Sends the rest.
	 * @throws IOException if the server refuses the client, or has closed the connection
	 */
	void finish() throws IOException {
		this.socket.getOutputStream().write(this.held);
		goOn((record) -> false);
	}

	private HeldHandshake goOn(Stop stop) throws IOException {
		while (this.engine.getHandshakeStatus() != HandshakeStatus.NOT_HANDSHAKING) {
			switch (this.engine.getHandshakeStatus()) {
				case NEED_TASK -> this.engine.getDelegatedTask().run();
				case NEED_WRAP -> {
					byte[] record = next();
					if (stop.isBefore(record)) {
						this.held = record;
						return this;
					}
					this.socket.getOutputStream().write(record);
				}
				default -> receive();
			}
		}
		return this;
	}

	private byte[] next() throws IOException {
		ByteBuffer record = ByteBuffer.allocate(RECORD);
		this.engine.wrap(ByteBuffer.allocate(0), record);
		return Arrays.copyOf(record.array(), record.position());
	}

	private void receive() throws IOException {
		Status status = this.engine.unwrap(this.received, ByteBuffer.allocate(RECORD)).getStatus();
		if (status == Status.BUFFER_UNDERFLOW) {
			this.received.compact();
			int read = this.socket.getInputStream()
				.read(this.received.array(), this.received.position(), this.received.remaining());
			if (read < 0) {
				throw new EOFException("The server has closed the connection");
			}
			this.received.position(this.received.position() + read).flip();
		}
	}

	boolean isClosedByServer() throws IOException {
		this.socket.setSoTimeout(100);
		try {
			return this.socket.getInputStream().read(new byte[RECORD]) < 0;
		}
		catch (SocketTimeoutException ex) {
			return false;
		}
		catch (IOException ex) {
			return true;
		}
		finally {
			this.socket.setSoTimeout(0);
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

	private interface Stop {

		boolean isBefore(byte[] record);

	}

}
