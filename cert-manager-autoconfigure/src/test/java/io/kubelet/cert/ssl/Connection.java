package io.kubelet.cert.ssl;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.util.List;

import javax.net.ssl.SNIHostName;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

/**
 * A connection to an HTTPS server that speaks just enough of HTTP/1.1 to keep it alive,
 * and sees what a library would hide.
 */
final class Connection implements AutoCloseable {

	private static final int TIMEOUT_MILLIS = 120_000;

	private final SSLSocket socket;

	private final BufferedReader reader;

	private final String host;

	private boolean keptAlive = true;

	Connection(SSLContext context, int port, @Nullable String serverName) throws IOException {
		this.host = (serverName != null) ? serverName : "localhost";
		this.socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port);
		this.socket.setSoTimeout(TIMEOUT_MILLIS);
		this.socket.setTcpNoDelay(true);
		if (serverName != null) {
			SSLParameters parameters = this.socket.getSSLParameters();
			parameters.setServerNames(List.of(new SNIHostName(serverName)));
			this.socket.setSSLParameters(parameters);
		}
		this.socket.startHandshake();
		this.reader = new BufferedReader(
				new InputStreamReader(this.socket.getInputStream(), StandardCharsets.US_ASCII));
	}

	/** A context without sessions that trusts the authority of the server. */
	static SSLContext context(@Nullable CertificatePair pair, String protocol) {
		return context(RotatingApplication.plane.caPem(), pair, protocol);
	}

	static SSLContext context(String authorities, @Nullable CertificatePair pair, String protocol) {
		return SslBundle.of(
				SslStoreBundle.of((pair != null) ? KeyStores.holding(pair, "client", "") : null, "",
						Trust.exactly(Pem.readCertificates(authorities)).store()),
				SslBundleKey.NONE, SslOptions.NONE, protocol)
			.createSslContext();
	}

	/** A resumed session is as old as the one that it resumes. */
	long sessionCreated() {
		return this.socket.getSession().getCreationTime();
	}

	String cipherSuite() {
		return this.socket.getSession().getCipherSuite();
	}

	X509Certificate serverCertificate() throws IOException {
		return (X509Certificate) this.socket.getSession().getPeerCertificates()[0];
	}

	/** Whether the server lets the connection be used again. */
	boolean isKeptAlive() {
		return this.keptAlive;
	}

	boolean isClosedByServer() throws IOException {
		try {
			this.socket.setSoTimeout(100);
			return this.reader.read() < 0;
		}
		catch (SocketTimeoutException ex) {
			this.socket.setSoTimeout(TIMEOUT_MILLIS);
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	/** Makes a request, and reads its answer. */
	String get() throws IOException {
		send("/");
		return answer();
	}

	void send(String path) throws IOException {
		this.socket.getOutputStream()
			.write(("GET " + path + " HTTP/1.1\r\nHost: " + this.host + "\r\n\r\n")
				.getBytes(StandardCharsets.US_ASCII));
	}

	String answer() throws IOException {
		String status = this.reader.readLine();
		if (status == null || !status.contains(" 200")) {
			throw new IOException("The answer is " + status);
		}
		int length = 0;
		for (String line = this.reader.readLine(); !line.isEmpty(); line = this.reader.readLine()) {
			String header = line.toLowerCase();
			if (header.startsWith("content-length:")) {
				length = Integer.parseInt(header.substring(15).trim());
			}
			this.keptAlive &= !header.equals("connection: close");
		}
		char[] body = new char[length];
		for (int read = 0; read < length;) {
			int more = this.reader.read(body, read, length - read);
			if (more < 0) {
				throw new IOException("The answer ends early");
			}
			read += more;
		}
		return new String(body);
	}

	@Override
	public void close() throws IOException {
		this.socket.close();
	}

}
