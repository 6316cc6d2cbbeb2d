package io.kubelet.cert.ssl.drain;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import org.jspecify.annotations.Nullable;

/**
 * A port in front of a server that notes which certificates clients present to it. With
 * TLS 1.2 they are not encrypted. The handshake that resumes a session has none: it
 * counts with that of the session, which its number tells unless it is in a ticket.
 */
final class CertificateTap implements AutoCloseable {

	private static final int HANDSHAKE = 22;

	private static final int CERTIFICATE = 11;

	private final ServerSocket listener;

	private final int target;

	private final Map<Socket, String> open = new ConcurrentHashMap<>();

	/** The serial numbers of certificates by the numbers of sessions. */
	private final Map<String, String> sessions = new ConcurrentHashMap<>();

	private final List<String> presented = new CopyOnWriteArrayList<>();

	CertificateTap(int target) throws IOException {
		this.target = target;
		this.listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		start(this::accept);
	}

	int port() {
		return this.listener.getLocalPort();
	}

	/** The serial numbers of the connections that are open. */
	List<String> open() {
		return List.copyOf(this.open.values());
	}

	/** The serial numbers of all connections so far, in the order of their handshakes. */
	List<String> presented() {
		return List.copyOf(this.presented);
	}

	private void accept() throws IOException {
		while (true) {
			Socket client = this.listener.accept();
			Socket server = new Socket(InetAddress.getLoopbackAddress(), this.target);
			client.setTcpNoDelay(true);
			server.setTcpNoDelay(true);
			CompletableFuture<String> session = new CompletableFuture<>();
			start(() -> {
				try (client; server) {
					answer(server, client.getOutputStream(), session);
				}
			});
			start(() -> {
				try (client; server) {
					forward(client, server.getOutputStream(), session);
				}
				finally {
					this.open.remove(client);
				}
			});
		}
	}

	/** The first record has the number of the session. */
	private static void answer(Socket server, OutputStream client, CompletableFuture<String> session)
			throws IOException {
		DataInputStream input = new DataInputStream(server.getInputStream());
		byte[] header = input.readNBytes(5);
		byte[] hello = input.readNBytes(((header[3] & 0xff) << 8) | (header[4] & 0xff));
		session.complete(HexFormat.of().formatHex(hello, 39, 39 + hello[38]));
		client.write(header);
		client.write(hello);
		input.transferTo(client);
	}

	/** Until records are encrypted, the handshake messages are joined and read. */
	private void forward(Socket client, OutputStream server, CompletableFuture<String> session) throws IOException {
		DataInputStream input = new DataInputStream(client.getInputStream());
		ByteArrayOutputStream messages = new ByteArrayOutputStream();
		boolean known = false;
		int type = HANDSHAKE;
		while (type == HANDSHAKE) {
			byte[] header = new byte[5];
			input.readFully(header);
			type = header[0];
			byte[] record = new byte[((header[3] & 0xff) << 8) | (header[4] & 0xff)];
			input.readFully(record);
			messages.write(record);
			String serial = (type == HANDSHAKE && !known) ? serial(messages.toByteArray()) : null;
			if (serial != null) {
				known = true;
				this.sessions.put(session.join(), serial);
				note(client, serial);
			}
			server.write(header);
			server.write(record);
			server.flush();
		}
		if (!known) {
			note(client, this.sessions.getOrDefault(session.join(), "resumed"));
		}
		input.transferTo(server);
	}

	private void note(Socket client, String serial) {
		this.presented.add(serial);
		this.open.put(client, serial);
	}

	private static @Nullable String serial(byte[] messages) throws IOException {
		int position = 0;
		while (position + 4 <= messages.length) {
			int length = length(messages, position + 1);
			if (messages[position] == CERTIFICATE && position + 4 + length <= messages.length) {
				int first = length(messages, position + 7);
				try (InputStream certificate = new ByteArrayInputStream(messages, position + 10, first)) {
					return ((X509Certificate) CertificateFactory.getInstance("X.509").generateCertificate(certificate))
						.getSerialNumber()
						.toString(16);
				}
				catch (CertificateException ex) {
					throw new IOException(ex);
				}
			}
			position += 4 + length;
		}
		return null;
	}

	private static int length(byte[] bytes, int position) {
		return ((bytes[position] & 0xff) << 16) | ((bytes[position + 1] & 0xff) << 8) | (bytes[position + 2] & 0xff);
	}

	private static void start(RotatingApplication.ThrowingRunnable task) {
		Thread thread = new Thread(() -> {
			try {
				task.run();
			}
			catch (Exception ex) {
				// A connection or the tap was closed
			}
		}, "certificate-tap");
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
	}

}
