package io.kubelet.cert.ssl;

import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;

import org.jspecify.annotations.Nullable;

/**
 * A client's handshake of TLS 1.2 that stops before one of its messages, and may go on
 * later.
 */
final class HeldHandshake implements AutoCloseable {

	private final CompletableFuture<@Nullable Void> held = new CompletableFuture<>();

	private final CompletableFuture<@Nullable Void> released = new CompletableFuture<>();

	private final Socket socket;

	private final FutureTask<@Nullable Void> handshake;

	/** Stops before a record of this type whose content begins with this byte. */
	private HeldHandshake(SSLContext client, int port, int type, int content) throws Exception {
		this.socket = new Socket("localhost", port) {

			@Override
			public OutputStream getOutputStream() throws IOException {
				return new FilterOutputStream(super.getOutputStream()) {

					@Override
					public void write(byte[] records, int offset, int length) throws IOException {
						if (records[offset] == type && records[offset + 5] == content) {
							HeldHandshake.this.held.complete(null);
							HeldHandshake.this.released.join();
						}
						this.out.write(records, offset, length);
					}

				};
			}

		};
		SSLSocket tls = (SSLSocket) client.getSocketFactory().createSocket(this.socket, "localhost", port, true);
		this.handshake = new FutureTask<>(() -> {
			tls.startHandshake();
			return null;
		});
		new Thread(this.handshake, "held-handshake").start();
		this.held.get(120, TimeUnit.SECONDS);
	}

	/** Sends nothing but what begins the handshake. */
	static HeldHandshake beforeCertificate(SSLContext client, int port) throws Exception {
		return new HeldHandshake(client, port, 22, 11);
	}

	/** Sends the certificate and the proof of its key, but not the last messages. */
	static HeldHandshake beforeFinished(SSLContext client, int port) throws Exception {
		return new HeldHandshake(client, port, 20, 1);
	}

	/**
	 * Sends the rest.
	 * @throws java.util.concurrent.ExecutionException if the server refuses the client,
	 * or has closed the connection
	 */
	void finish() throws Exception {
		this.released.complete(null);
		this.handshake.get(120, TimeUnit.SECONDS);
	}

	boolean isClosedByServer() throws IOException {
		this.socket.setSoTimeout(100);
		try {
			return this.socket.getInputStream().read(new byte[1024]) < 0;
		}
		catch (SocketTimeoutException ex) {
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	@Override
	public void close() throws IOException {
		this.released.complete(null);
		this.socket.close();
	}

}
