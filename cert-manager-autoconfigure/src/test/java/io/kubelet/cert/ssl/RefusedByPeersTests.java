package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509ExtendedTrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * What the log says when a peer refuses this application, in real handshakes of each HTTP
 * client.
 *
 * @see io.kubelet.cert.certificate.peers.BrokenConnections
 * @see Transport
 */
@ExtendWith(OutputCaptureExtension.class)
class RefusedByPeersTests {

	private static final TestAuthority authority = new TestAuthority("servers");

	/**
	 * They keep their ports: within an hour, the log explains the alert of an address
	 * once.
	 */
	private static final List<ServerSocket> listeners = new ArrayList<>();

	private static RotatingApplication application;

	@BeforeAll
	static void start(@TempDir Path directory) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		application = new RotatingApplication(ClientRotationTests.Clients.class,
				"kubelet.cert.additional.client.ssl.trust-file=" + trusted);
	}

	@AfterAll
	static void stop() throws IOException {
		application.close();
		for (ServerSocket listener : listeners) {
			listener.close();
		}
	}

	/** With TLS 1.3, the handshake of the client is complete before. */
	@ParameterizedTest
	@EnumSource
	void alertThatRefusesTheClientIsExplained(ClientRotationTests.Client client, CapturedOutput output)
			throws Exception {
		try (Refusing newer = new Refusing("TLSv1.3"); Refusing older = new Refusing("TLSv1.2")) {
			Map<Refusing, Throwable> failures = new LinkedHashMap<>();
			for (Refusing server : List.of(newer, older)) {
				URI uri = URI.create("https://localhost:" + server.port());
				Throwable failure = catchThrowable(() -> client.with(application.bundle("client")).apply(uri));
				assertThat(failure).isNotNull();
				failures.put(server, failure);
			}
			failures.forEach((server, failure) -> await().untilAsserted(() -> assertThat(output.toString().lines())
				.as("%s, whose client ended with %s", server.context.getProtocol(), failure)
				.filteredOn((line) -> line.contains("refuses this application"))
				.anyMatch((line) -> line.contains(
						":%d refuses this application, which uses the SSL bundle 'client', with the alert 'certificate_unknown'"
							.formatted(server.port())))));
		}
	}

	/** Says that it refuses each client, and waits until that is read. */
	private static final class Refusing implements AutoCloseable {

		private final ServerSocket listener = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());

		private final Set<Socket> open = ConcurrentHashMap.newKeySet();

		private final SSLContext context;

		Refusing(String protocol) throws Exception {
			listeners.add(this.listener);
			CertificatePair pair = authority.pair("orders", "localhost");
			KeyManagerFactory keys = KeyManagerFactory.getInstance("PKIX");
			keys.init(KeyStores.holding(pair, "orders", "password"), "password".toCharArray());
			this.context = SSLContext.getInstance(protocol);
			this.context.init(keys.getKeyManagers(), new TrustManager[] { new Nobody() }, null);
			start(() -> {
				while (true) {
					Socket plain = this.listener.accept();
					this.open.add(plain);
					start(() -> refuse(plain));
				}
			});
		}

		int port() {
			return this.listener.getLocalPort();
		}

		private void refuse(Socket plain) throws IOException {
			SSLSocket socket = (SSLSocket) this.context.getSocketFactory().createSocket(plain, null, false);
			socket.setNeedClientAuth(true);
			assertThat(catchThrowable(socket::startHandshake)).isNotNull();
			plain.getInputStream().transferTo(OutputStream.nullOutputStream());
			plain.close();
		}

		private static void start(Task task) {
			Thread thread = new Thread(() -> catchThrowable(task::run), "refusing-server");
			thread.setDaemon(true);
			thread.start();
		}

		@Override
		public void close() throws IOException {
			for (Socket socket : this.open) {
				socket.close();
			}
		}

	}

	private interface Task {

		void run() throws IOException;

	}

	/** Names no authorities, so that each client presents what it has. */
	private static final class Nobody extends X509ExtendedTrustManager {

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType, Socket socket)
				throws CertificateException {
			checkClientTrusted(chain, authType);
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType, SSLEngine engine)
				throws CertificateException {
			checkClientTrusted(chain, authType);
		}

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType) throws CertificateException {
			throw new CertificateException("Nobody is trusted");
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType, Socket socket) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType, SSLEngine engine) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return new X509Certificate[0];
		}

	}

}
