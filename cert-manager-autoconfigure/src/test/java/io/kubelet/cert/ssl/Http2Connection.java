package io.kubelet.cert.ssl;

import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A client that speaks just enough of HTTP/2 to open streams. It ignores that the server
 * asks it to go away.
 */
final class Http2Connection implements AutoCloseable {

	private static final int TIMEOUT_MILLIS = 120_000;

	private static final int DATA = 0;

	private static final int HEADERS = 1;

	private static final int SETTINGS = 4;

	private static final int PING = 6;

	private static final int GO_AWAY = 7;

	private static final int END_STREAM = 1;

	private static final int END_HEADERS = 4;

	private static final int ACKNOWLEDGED = 1;

	private final SSLSocket socket;

	private final DataInputStream in;

	private final DataOutputStream out;

	private int lastStream = -1;

	private boolean askedToGoAway;

	Http2Connection(SSLContext context, int port) throws IOException {
		this.socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
		this.socket.setSoTimeout(TIMEOUT_MILLIS);
		this.socket.setTcpNoDelay(true);
		SSLParameters parameters = this.socket.getSSLParameters();
		parameters.setApplicationProtocols(new String[] { "h2" });
		this.socket.setSSLParameters(parameters);
		this.socket.startHandshake();
		assertThat(this.socket.getApplicationProtocol()).isEqualTo("h2");
		this.in = new DataInputStream(this.socket.getInputStream());
		this.out = new DataOutputStream(this.socket.getOutputStream());
		this.out.write("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n".getBytes(StandardCharsets.US_ASCII));
		write(SETTINGS, 0, 0, new byte[0]);
	}

	/** Opens a stream, and waits for the beginning of its answer. */
	void open(String path) throws IOException {
		send(path);
		readUntil(DATA);
	}

	/** Makes a request, and waits for its answer. */
	void get() throws IOException {
		send("/");
		readUntil(-1);
	}

	private void send(String path) throws IOException {
		this.lastStream += 2;
		ByteArrayOutputStream headers = new ByteArrayOutputStream();
		// GET and https of the static table; path and authority as literals
		headers.write(0x82);
		headers.write(0x87);
		literal(headers, 0x04, path);
		literal(headers, 0x01, "localhost");
		write(HEADERS, END_STREAM | END_HEADERS, this.lastStream, headers.toByteArray());
	}

	private static void literal(ByteArrayOutputStream headers, int name, String value) {
		byte[] bytes = value.getBytes(StandardCharsets.US_ASCII);
		headers.write(name);
		headers.write(bytes.length);
		headers.writeBytes(bytes);
	}

	private void write(int type, int flags, int stream, byte[] payload) throws IOException {
		this.out.writeShort(payload.length >> 8);
		this.out.writeByte(payload.length);
		this.out.writeByte(type);
		this.out.writeByte(flags);
		this.out.writeInt(stream);
		this.out.write(payload);
		this.out.flush();
	}

	/** Reads until the last stream ends, or has a frame of a type. */
	private void readUntil(int wanted) throws IOException {
		while (true) {
			int length = this.in.readUnsignedShort() << 8 | this.in.readUnsignedByte();
			int type = this.in.readUnsignedByte();
			int flags = this.in.readUnsignedByte();
			int stream = this.in.readInt();
			byte[] payload = this.in.readNBytes(length);
			if (type == SETTINGS && flags != ACKNOWLEDGED) {
				write(SETTINGS, ACKNOWLEDGED, 0, new byte[0]);
			}
			else if (type == PING && flags != ACKNOWLEDGED) {
				write(PING, ACKNOWLEDGED, 0, payload);
			}
			this.askedToGoAway |= type == GO_AWAY;
			boolean ended = (type == DATA || type == HEADERS) && (flags & END_STREAM) != 0;
			if (stream == this.lastStream && (ended || type == wanted)) {
				return;
			}
		}
	}

	boolean isAskedToGoAway() {
		return this.askedToGoAway;
	}

	/**
	 * Whether the server has closed the connection, which has a stream to wait for. It is
	 * not closed for being idle.
	 */
	boolean isClosedByServer() throws IOException {
		try {
			this.socket.setSoTimeout(100);
			write(PING, 0, 0, new byte[8]);
			readUntil(-1);
			return false;
		}
		catch (SocketTimeoutException ex) {
			this.socket.setSoTimeout(TIMEOUT_MILLIS);
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

}
