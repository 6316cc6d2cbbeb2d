package io.kubelet.cert.ssl.drain;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.grpc.Server;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.rsocket.netty.NettyRSocketServer;
import org.springframework.boot.rsocket.server.RSocketServer.Transport;
import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.web.server.Ssl;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ShadedNettyGrpcServerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

/**
 * Servers that keep one Netty context made of the bundle's managers, and a client that
 * offers a session of before a rotation.
 *
 * @see io.kubelet.cert.ssl.TicketKeys
 * @see io.kubelet.cert.ssl.Handshakes
 */
class SessionResumptionTests {

	private final FixedManager manager = new FixedManager(new TestAuthority("one"));

	private String session = "";

	private final List<Runnable> ends = new ArrayList<>();

	private int port;

	@BeforeEach
	void requireOpenSsl(@TempDir Path directory) {
		assumeThatCode(() -> new ProcessBuilder("openssl", "version").start().waitFor()).doesNotThrowAnyException();
		this.session = directory.resolve("session.pem").toString();
	}

	/** What the other tests guard against is real. */
	@ParameterizedTest
	@EnumSource
	void sessionOfAFixedKeyIsResumed(Kind kind) throws Exception {
		SslStoreBundle stores = SslStoreBundle.of(KeyStores.holding(this.manager.pair(), "server", ""), "", null);
		start(kind, new DefaultSslBundleRegistry("bundle", SslBundle.of(stores)));
		assertThat(connect(kind, "-tls1_3", "-sess_out", this.session)).contains("New, TLSv1.3", kind.answer);
		assertThat(connect(kind, "-tls1_3", "-sess_in", this.session)).contains("Reused, TLSv1.3", kind.answer);
	}

	@ParameterizedTest
	@EnumSource
	void sessionOfBeforeARotationIsNotResumed(Kind kind) throws Exception {
		start(kind, live());
		assertNotResumed(kind, "New, TLSv1.3", "-tls1_3");
		assertNotResumed(kind, "New, TLSv1.2", "-tls1_2");
		assertNotResumed(kind, "New, TLSv1.2", "-tls1_2", "-no_ticket");
	}

	private void assertNotResumed(Kind kind, String complete, String... options) throws Exception {
		Files.deleteIfExists(Path.of(this.session));
		String before = connect(kind, with(options, "-sess_out"));
		assertThat(before).contains(complete, kind.answer);
		this.manager.rotate();
		String after = Files.exists(Path.of(this.session)) ? connect(kind, with(options, "-sess_in"))
				: connect(kind, options);
		assertThat(after).contains(complete, kind.answer);
		assertThat(pem(after)).isNotEqualTo(pem(before));
	}

	private String[] with(String[] options, String option) {
		return Stream.concat(Stream.of(options), Stream.of(option, this.session)).toArray(String[]::new);
	}

	private static String pem(String output) {
		return output.substring(output.indexOf("-----BEGIN"), output.indexOf("-----END"));
	}

	private SslBundles live() {
		return this.manager.register(Trust::system, new SimulatedTime(Instant.EPOCH));
	}

	private void start(Kind kind, SslBundles bundles) throws Exception {
		SslManagerBundle managers = bundles.getBundle("bundle").getManagers();
		switch (kind) {
			case GRPC -> start(new NettyGrpcServerFactory("localhost:0", List.of(), managers.getKeyManagerFactory(),
					managers.getTrustManagerFactory(), ClientAuth.NONE));
			case GRPC_SHADED -> start(new ShadedNettyGrpcServerFactory("localhost:0", List.of(),
					managers.getKeyManagerFactory(), managers.getTrustManagerFactory(), ClientAuth.NONE));
			case RSOCKET -> {
				NettyRSocketServer server = RsocketRotationTests.start(bundles, Ssl.forBundle("bundle"), Transport.TCP);
				this.ends.add(server::stop);
				this.port = Objects.requireNonNull(server.address()).getPort();
			}
		}
	}

	private void start(GrpcServerFactory factory) throws Exception {
		Server server = factory.createServer().start();
		this.ends.add(server::shutdownNow);
		this.port = server.getPort();
	}

	@AfterEach
	void stop() {
		this.ends.forEach(Runnable::run);
	}

	private String connect(Kind kind, String... options) throws Exception {
		List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect", "localhost:" + this.port,
				"-ign_eof", "-alpn", kind.protocol));
		Stream.of(options).forEach(command::add);
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		process.getOutputStream().write(kind.request.getBytes(StandardCharsets.ISO_8859_1));
		process.getOutputStream().flush();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
		assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
		return output;
	}

	/** A server, and something that it answers by closing the connection. */
	enum Kind {

		/** Not HTTP/2. */
		GRPC("h2", "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n", "Unexpected HTTP/1.x request"),

		/** With a Netty of its own, and OpenSSL in it. */
		GRPC_SHADED(GRPC.protocol, GRPC.request, GRPC.answer),

		/** A frame for keeping alive what has not begun, with its length before it. */
		RSOCKET("rsocket", "\0\0\16\0\0\0\0\14\0\0\0\0\0\0\0\0\0", "SETUP or RESUME frame must be received");

		private final String protocol;

		private final String request;

		private final String answer;

		Kind(String protocol, String request, String answer) {
			this.protocol = protocol;
			this.request = request;
			this.answer = answer;
		}

	}

}
