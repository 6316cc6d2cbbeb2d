package io.kubelet.cert.ssl.drain;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.testsupport.Load;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;

/**
 * Stands in for a server that is not available as a Debian package or on Maven Central.
 * It demands client certificates, knows just enough of a protocol, and notes which
 * certificate each connection presents.
 */
final class StandInServer implements AutoCloseable {

	private final SSLServerSocket listener;

	private final Protocol protocol;

	private final Map<SSLSocket, String> open = new ConcurrentHashMap<>();

	private final List<String> presented = new CopyOnWriteArrayList<>();

	StandInServer(SSLContext context, int port, Protocol protocol) throws IOException {
		this.protocol = protocol;
		this.listener = (SSLServerSocket) context.getServerSocketFactory()
			.createServerSocket(port, 50, InetAddress.getLoopbackAddress());
		this.listener.setNeedClientAuth(true);
		start(() -> {
			while (true) {
				SSLSocket socket = (SSLSocket) this.listener.accept();
				start(() -> serve(socket));
			}
		});
	}

	/** The serial numbers of the connections that are open. */
	List<String> open() {
		return List.copyOf(this.open.values());
	}

	/** The serial numbers of all connections so far, in the order of their handshakes. */
	List<String> presented() {
		return List.copyOf(this.presented);
	}

	private void serve(SSLSocket socket) throws IOException {
		try (socket) {
			X509Certificate leaf = (X509Certificate) socket.getSession().getPeerCertificates()[0];
			String serial = leaf.getSerialNumber().toString(16);
			this.presented.add(serial);
			this.open.put(socket, serial);
			this.protocol.serve(socket.getInputStream(), socket.getOutputStream());
		}
		finally {
			this.open.remove(socket);
		}
	}

	/** Answers each command of MongoDB's wire protocol with that the server is fine. */
	static void mongo(InputStream input, OutputStream output) throws IOException {
		DataInputStream requests = new DataInputStream(input);
		byte[] fine = document();
		while (true) {
			ByteBuffer header = little(requests.readNBytes(16));
			requests.readNBytes(header.getInt(0) - 16);
			boolean query = header.getInt(12) == 2004;
			byte[] prefix = new byte[query ? 20 : 5];
			if (query) {
				little(prefix).putInt(16, 1);
			}
			ByteBuffer answer = little(new byte[16 + prefix.length + fine.length]);
			answer.putInt(answer.capacity()).putInt(0).putInt(header.getInt(4)).putInt(query ? 1 : 2013);
			output.write(answer.put(prefix).put(fine).array());
			output.flush();
		}
	}

	private static byte[] document() {
		BsonDocument document = new BsonDocument("ok", new BsonInt32(1)).append("helloOk", BsonBoolean.TRUE)
			.append("ismaster", BsonBoolean.TRUE)
			.append("isWritablePrimary", BsonBoolean.TRUE)
			.append("minWireVersion", new BsonInt32(0))
			.append("maxWireVersion", new BsonInt32(21));
		ByteBuffer bytes = new RawBsonDocument(document, new BsonDocumentCodec()).getByteBuffer().asNIO();
		byte[] result = new byte[bytes.remaining()];
		bytes.get(result);
		return result;
	}

	private static ByteBuffer little(byte[] bytes) {
		return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
	}

	/** Answers each request of HTTP, which is to have no body, with an empty object. */
	static void http(InputStream input, OutputStream output) throws IOException {
		BufferedReader lines = new BufferedReader(new InputStreamReader(input, StandardCharsets.US_ASCII));
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.isEmpty()) {
				answer(output, "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 4\r\n\r\n{}");
			}
		}
	}

	/** Accepts each message of SMTP. */
	static void smtp(InputStream input, OutputStream output) throws IOException {
		BufferedReader lines = new BufferedReader(new InputStreamReader(input, StandardCharsets.US_ASCII));
		answer(output, "220 localhost");
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.equals("DATA")) {
				answer(output, "354 go on");
				while (!".".equals(line)) {
					line = lines.readLine();
				}
			}
			answer(output, "250 ok");
		}
	}

	/** Leaves the answers to a server without TLS. */
	static Protocol forwardingTo(int port) {
		return (input, output) -> {
			try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
				start(() -> server.getInputStream().transferTo(output));
				input.transferTo(server.getOutputStream());
			}
		};
	}

	private static void answer(OutputStream output, String line) throws IOException {
		output.write((line + "\r\n").getBytes(StandardCharsets.US_ASCII));
		output.flush();
	}

	private static void start(Load.ThrowingRunnable task) {
		Thread thread = new Thread(() -> {
			try {
				task.run();
			}
			catch (Exception ex) {
				// A connection or the server was closed
			}
		}, "stand-in");
		thread.setDaemon(true);
		thread.start();
	}

	@Override
	public void close() throws IOException {
		this.listener.close();
	}

	/** What happens in a connection until one side ends it. */
	interface Protocol {

		void serve(InputStream input, OutputStream output) throws IOException;

	}

}
