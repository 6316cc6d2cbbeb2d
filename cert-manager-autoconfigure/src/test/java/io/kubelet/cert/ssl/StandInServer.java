package io.kubelet.cert.ssl;

import java.io.BufferedReader;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.Load;
import org.bson.BsonBoolean;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bson.RawBsonDocument;
import org.bson.codecs.BsonDocumentCodec;

import org.springframework.boot.ssl.SslBundle;

/**
 * Stands in for a server, or accepts the connections of one that then needs no TLS. It
 * demands client certificates, and notes which one each connection presents.
 */
public final class StandInServer implements AutoCloseable {

	private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

	private final Protocol protocol;

	private final Map<SSLSocket, String> open = new ConcurrentHashMap<>();

	private final List<String> presented = new CopyOnWriteArrayList<>();

	private final Set<String> refused = ConcurrentHashMap.newKeySet();

	/** How many handshakes have failed. */
	private final AtomicInteger failed = new AtomicInteger();

	/** Listens, but accepts no connection yet. */
	public StandInServer(Protocol protocol) throws IOException {
		this.protocol = protocol;
	}

	/** Accepts connections with the certificate of the server. */
	public StandInServer start(RotatingApplication application) {
		return start(application.bundle("server"));
	}

	StandInServer start(SslBundle bundle) {
		return start(bundle.createSslContext());
	}

	/** Accepts connections with a pair, of clients with a certificate of an authority. */
	public StandInServer start(CertificatePair pair, Trust clients) {
		return start(InsistentKeyManager.context(pair, clients, "TLS"));
	}

	private StandInServer start(SSLContext context) {
		start(() -> {
			while (true) {
				Socket plain = this.listener.accept();
				start(() -> serve(plain, context));
			}
		});
		return this;
	}

	public int port() {
		return this.listener.getLocalPort();
	}

	URI uri() {
		return URI.create("https://localhost:" + port() + "/");
	}

	/** Stops to trust a certificate, also in connections that exist. */
	void refuse(X509Certificate certificate) {
		this.refused.add(RotatingApplication.serial(certificate));
	}

	/** The serial numbers of the connections that are open. */
	public List<String> open() {
		return List.copyOf(this.open.values());
	}

	/** Their protocols. */
	List<String> protocols() {
		return this.open.keySet().stream().map((socket) -> socket.getSession().getProtocol()).toList();
	}

	/** Closes the connections that are open. */
	public void cut() throws IOException {
		for (Socket socket : this.open.keySet()) {
			socket.close();
		}
	}

	/** The serial numbers of all connections so far, in the order of their handshakes. */
	public List<String> presented() {
		return List.copyOf(this.presented);
	}

	/** How many connections have failed in their handshakes. */
	public int failed() {
		return this.failed.get();
	}

	private void serve(Socket plain, SSLContext context) throws IOException {
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket(plain, null, true)) {
			socket.setNeedClientAuth(true);
			X509Certificate leaf = leaf(socket.getSession());
			String serial = RotatingApplication.serial(leaf);
			this.presented.add(serial);
			this.open.put(socket, serial);
			try {
				this.protocol.serve(new Peer(this, serial, socket.getInputStream(), socket.getOutputStream()));
			}
			finally {
				this.open.remove(socket);
			}
		}
	}

	private X509Certificate leaf(SSLSession session) throws IOException {
		try {
			return (X509Certificate) session.getPeerCertificates()[0];
		}
		catch (SSLPeerUnverifiedException ex) {
			this.failed.incrementAndGet();
			throw ex;
		}
	}

	/** Answers each command of MongoDB's wire protocol with that the server is fine. */
	public static void mongo(Peer client) throws IOException {
		DataInputStream requests = new DataInputStream(client.input());
		BsonDocument document = new BsonDocument("ok", new BsonInt32(1)).append("helloOk", BsonBoolean.TRUE)
			.append("ismaster", BsonBoolean.TRUE)
			.append("isWritablePrimary", BsonBoolean.TRUE)
			.append("minWireVersion", new BsonInt32(0))
			.append("maxWireVersion", new BsonInt32(21));
		ByteBuffer fine = new RawBsonDocument(document, new BsonDocumentCodec()).getByteBuffer().asNIO();
		while (true) {
			ByteBuffer header = ByteBuffer.wrap(requests.readNBytes(16)).order(ByteOrder.LITTLE_ENDIAN);
			requests.readNBytes(header.getInt(0) - 16);
			boolean query = header.getInt(12) == 2004;
			int prefix = query ? 20 : 5;
			ByteBuffer answer = ByteBuffer.allocate(16 + prefix + fine.remaining()).order(ByteOrder.LITTLE_ENDIAN);
			answer.putInt(answer.capacity()).putInt(0).putInt(header.getInt(4)).putInt(query ? 1 : 2013);
			if (query) {
				answer.putInt(32, 1);
			}
			client.output().write(answer.position(16 + prefix).put(fine.duplicate()).array());
			client.output().flush();
		}
	}

	/**
	 * Answers each request of HTTP, which is to have no body, with the serial number of
	 * the client.
	 */
	public static void http(Peer client) throws IOException {
		BufferedReader lines = client.lines();
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.isEmpty()) {
				client.answer("HTTP/1.1 %s\r\nContent-Length: %d\r\n\r\n%s".formatted(
						client.server.refused.contains(client.serial) ? "403 Forbidden" : "200 OK",
						client.serial.length(), client.serial));
			}
		}
	}

	/** Accepts each message of SMTP. */
	public static void smtp(Peer client) throws IOException {
		BufferedReader lines = client.lines();
		client.answer("220 localhost\r\n");
		for (String line = lines.readLine(); line != null; line = lines.readLine()) {
			if (line.equals("DATA")) {
				client.answer("354 go on\r\n");
				while (!".".equals(line)) {
					line = lines.readLine();
				}
			}
			client.answer("250 ok\r\n");
		}
	}

	/** Leaves the answers to a server without TLS. */
	public static Protocol forwardingTo(int port) {
		return (client) -> {
			try (Socket server = new Socket(InetAddress.getLoopbackAddress(), port)) {
				start(() -> {
					server.getInputStream().transferTo(client.output());
					client.output().close();
				});
				client.input().transferTo(server.getOutputStream());
			}
		};
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
	public interface Protocol {

		void serve(Peer client) throws IOException;

	}

	/** The other end of a connection. */
	public record Peer(StandInServer server, String serial, InputStream input, OutputStream output) {

		private BufferedReader lines() {
			return new BufferedReader(new InputStreamReader(this.input, StandardCharsets.US_ASCII));
		}

		private void answer(String text) throws IOException {
			this.output.write(text.getBytes(StandardCharsets.US_ASCII));
			this.output.flush();
		}

	}

}
