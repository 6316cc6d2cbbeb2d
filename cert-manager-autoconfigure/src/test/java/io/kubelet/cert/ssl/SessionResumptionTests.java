package io.kubelet.cert.ssl;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.net.ssl.KeyManagerFactory;

import io.kubelet.cert.certificate.KeyStores;
import io.kubelet.cert.certificate.Trust;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslProvider;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.server.HttpServer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThatCode;

/**
 * A server that keeps one Netty context made of the bundle's managers, as those of gRPC
 * and RSocket do, and a client that offers a session of before a rotation.
 */
class SessionResumptionTests {

	private final FixedManager manager = new FixedManager(new TestAuthority("one"));

	private String session = "";

	private @Nullable DisposableServer server;

	@BeforeEach
	void requireOpenSsl(@TempDir Path directory) {
		assumeThatCode(() -> new ProcessBuilder("openssl", "version").start().waitFor()).doesNotThrowAnyException();
		this.session = directory.resolve("session.pem").toString();
	}

	/** What the other tests guard against is real. */
	@Test
	void sessionOfAFixedKeyIsResumed() throws Exception {
		KeyManagerFactory keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
		keys.init(KeyStores.holding(this.manager.pair(), "server", ""), new char[0]);
		start(keys);
		assertThat(connect("-tls1_3", "-sess_out", this.session)).contains("New, TLSv1.3", "served");
		assertThat(connect("-tls1_3", "-sess_in", this.session)).contains("Reused, TLSv1.3", "served");
	}

	@Test
	void sessionOfBeforeARotationIsNotResumed() throws Exception {
		assertNotResumed("New, TLSv1.3", "-tls1_3");
	}

	@ParameterizedTest
	@ValueSource(strings = { "", "-no_ticket" })
	void sessionOfTls12IsNotResumed(String option) throws Exception {
		assertNotResumed("New, TLSv1.2", "-tls1_2", option);
	}

	/** The application's server need not have tickets. */
	@Test
	void sessionOfTls12IsNotResumedWhereThereAreNoTickets() throws Exception {
		System.setProperty("jdk.tls.server.enableSessionTicketExtension", "false");
		try {
			assertNotResumed("New, TLSv1.2", "-tls1_2");
		}
		finally {
			System.clearProperty("jdk.tls.server.enableSessionTicketExtension");
		}
	}

	@Test
	void handshakeOfTls12SucceedsWithATicket() throws Exception {
		start(live());
		assertThat(connect("-tls1_2")).contains("New, TLSv1.2", "served");
	}

	private void assertNotResumed(String complete, String... options) throws Exception {
		start(live());
		String before = connect(with(options, "-sess_out"));
		assertThat(before).contains(complete, "served");
		this.manager.rotate();
		String after = Files.exists(Path.of(this.session)) ? connect(with(options, "-sess_in")) : connect(options);
		assertThat(after).contains(complete, "served");
		assertThat(pem(after)).isNotEqualTo(pem(before));
	}

	private String[] with(String[] options, String option) {
		return Stream.concat(Stream.of(options), Stream.of(option, this.session)).toArray(String[]::new);
	}

	private static String pem(String output) {
		return output.substring(output.indexOf("-----BEGIN"), output.indexOf("-----END"));
	}

	private KeyManagerFactory live() {
		IsolatedSslBundles registry = new IsolatedSslBundles();
		CertificateBundles.register(registry, "bundle", this.manager, Trust::system,
				new Drain(new SimulatedTime(Instant.EPOCH), Duration.ZERO));
		return registry.getBundle("bundle").getManagers().getKeyManagerFactory();
	}

	private void start(KeyManagerFactory keys) throws Exception {
		SslContext context = SslContextBuilder.forServer(keys).sslProvider(SslProvider.JDK).build();
		this.server = HttpServer.create()
			.host("localhost")
			.port(0)
			.secure((spec) -> spec.sslContext(context))
			.handle((request, response) -> response.sendString(Mono.just("served")))
			.bindNow();
	}

	@AfterEach
	void stop() {
		if (this.server != null) {
			this.server.disposeNow();
		}
	}

	private String connect(String... options) throws Exception {
		List<String> command = new ArrayList<>(List.of("openssl", "s_client", "-connect",
				"localhost:" + Objects.requireNonNull(this.server).port(), "-ign_eof"));
		Stream.of(options).filter((option) -> !option.isEmpty()).forEach(command::add);
		Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
		process.getOutputStream()
			.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
				.getBytes(StandardCharsets.US_ASCII));
		process.getOutputStream().flush();
		String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.US_ASCII);
		assertThat(process.waitFor(20, TimeUnit.SECONDS)).isTrue();
		return output;
	}

}
