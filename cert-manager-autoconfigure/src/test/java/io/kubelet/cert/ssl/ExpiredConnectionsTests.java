package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.ssl.StandInServer.Peer;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections that outlast the previous certificate, whether the drain will end them or
 * nothing does.
 *
 * @see ExpiredConnections
 * @see PresentedCertificates
 * @see PeerConnections
 */
@ExtendWith(OutputCaptureExtension.class)
class ExpiredConnectionsTests {

	@ParameterizedTest
	@EnumSource
	void connectionThatPresentsACertificateAtItsEndIsReported(Kind kind, CapturedOutput output) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, HeldTime.class,
				"kubelet.cert.ssl.drain=" + HeldTime.FOR_GOOD)) {
			List<Runnable> ends = server.bean(HeldTime.class).ends;
			try (Connection connection = server.connect()) {
				connection.get();
				ends.clear();
				server.rotate("server");
				Awaitility.await().until(() -> {
					ends.forEach(Runnable::run);
					return output.toString()
						.contains("Connections still present a certificate of the SSL bundle 'server'");
				});
				assertThat(connection.isClosedByServer()).isFalse();
			}
		}
	}

	/** A thread of the server may still use it, and has not noticed. */
	@ParameterizedTest
	@EnumSource
	void connectionThatWasCutAtTheEndOfTheDrainIsNotHeld(Kind kind) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, "kubelet.cert.ssl.drain=0s");
				Connection busy = server.connect()) {
			LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(server.bundle("server")));
			X509Certificate first = server.pair("server").leaf();
			busy.send("/held");
			CompletableFuture<?> held = server.held();
			assertThat(bundle.isHeld(first)).isTrue();
			server.rotate("server");
			Awaitility.await().until(busy::isClosedByServer);
			Awaitility.await().until(() -> !bundle.isHeld(first));
			held.complete(null);
		}
	}

	/** As those of a pool of JDBC that is no bean, or of a channel of gRPC in a call. */
	@ParameterizedTest
	@EnumSource
	void connectionOfAClientIsReportedWhileItIsOpen(Opened opened, CapturedOutput output) throws Exception {
		try (RotatingApplication application = new RotatingApplication(HeldTime.class);
				StandInServer server = new StandInServer(StandInServer::http)) {
			server.start(ClientRotationTests.fixed(application));
			LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(application.bundle("client")));
			List<Runnable> ends = application.bean(HeldTime.class).ends;
			X509Certificate first = application.pair("client").leaf();
			AutoCloseable connection = opened.connection.to(application.bundle("client"), server.port());
			assertThat(server.open()).containsExactly(RotatingApplication.serial(first));
			ends.clear();
			application.rotate("client");
			assertThat(bundle.isHeld(first)).isTrue();
			Awaitility.await().until(() -> {
				ends.forEach(Runnable::run);
				return isReported(output);
			});
			connection.close();
			Awaitility.await().until(() -> !bundle.isHeld(first));
		}
	}

	/** It tells its engine nothing of a connection that it closes. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void connectionOfTheJdksClientIsReportedUnlessItIsGarbage(boolean closed, CapturedOutput output) throws Exception {
		try (RotatingApplication application = new RotatingApplication(HeldTime.class);
				StandInServer server = new StandInServer(
						closed ? ExpiredConnectionsTests::once : StandInServer::http)) {
			server.start(ClientRotationTests.fixed(application));
			LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(application.bundle("client")));
			List<Runnable> ends = application.bean(HeldTime.class).ends;
			X509Certificate first = application.pair("client").leaf();
			HttpRequest request = HttpRequest.newBuilder(server.uri()).build();
			java.net.http.HttpClient client = java.net.http.HttpClient.newBuilder()
				.sslContext(application.bundle("client").createSslContext())
				.build();
			assertThat(client.send(request, BodyHandlers.ofString()).body())
				.isEqualTo(RotatingApplication.serial(first));
			ends.clear();
			application.rotate("client");
			Awaitility.await().until(() -> !closed || server.open().isEmpty());
			ends.forEach(Runnable::run);
			Awaitility.await().until(() -> {
				System.gc();
				if (!closed) {
					ends.forEach(Runnable::run);
				}
				return closed ? !bundle.mayBeHeld(first) : isReported(output);
			});
			ends.forEach(Runnable::run);
			assertThat(isReported(output)).isNotEqualTo(closed);
			assertThat(bundle.seenPeers()).extracting(SeenPeer::connections).containsExactly(closed ? 0 : 1);
			assertThat(client.send(request, BodyHandlers.ofString()).statusCode()).isEqualTo(200);
		}
	}

	/**
	 * As an engine in a handshake, whose lock has the thread that notes the handshake.
	 */
	@Test
	void handshakesDoNotWaitUntilABusyConnectionTellsWhetherItIsOpen() throws Exception {
		PresentedCertificates presented = new PresentedCertificates();
		X509Certificate leaf = new TestAuthority("one").certificate();
		try (Socket other = new Socket(); Socket busy = new Socket() {

			@Override
			public synchronized int getSoTimeout() {
				assertThat(CompletableFuture.runAsync(() -> presented.add(other, leaf, true)))
					.succeedsWithin(Duration.ofSeconds(10));
				return 0;
			}

		}) {
			presented.add(busy, leaf, true);
			assertThat(presented.mayBeOpen(leaf)).isTrue();
		}
	}

	private static boolean isReported(CapturedOutput output) {
		return output.toString().contains("Connections still present a certificate of the SSL bundle 'client'");
	}

	/** Answers one request, after which the client closes the connection. */
	private static void once(Peer client) throws IOException {
		client.input().read(new byte[10_000]);
		client.output()
			.write(("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: %d\r\n\r\n%s"
				.formatted(client.serial().length(), client.serial())).getBytes(StandardCharsets.US_ASCII));
		client.input().read();
	}

	enum Opened {

		SOCKET((bundle, port) -> {
			Socket socket = new BundleSocketFactory("client").createSocket("localhost", port);
			socket.getOutputStream().write("\r\n".getBytes(StandardCharsets.US_ASCII));
			socket.getInputStream().read();
			return socket;
		}), NETTY((bundle, port) -> {
			ConnectionProvider pool = ConnectionProvider.create("one", 1);
			SslContext netty = SslContextBuilder.forClient()
				.keyManager(bundle.getManagers().getKeyManagerFactory())
				.trustManager(bundle.getManagers().getTrustManagerFactory())
				.build();
			HttpClient.create(pool)
				.secure((spec) -> spec.sslContext(netty))
				.get()
				.uri("https://localhost:" + port + "/")
				.responseContent()
				.aggregate()
				.block();
			return pool::dispose;
		});

		private final Opening connection;

		Opened(Opening connection) {
			this.connection = connection;
		}

		private interface Opening {

			AutoCloseable to(SslBundle bundle, int port) throws Exception;

		}

	}

	/** Collects what is to happen when a certificate ends. */
	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class HeldTime {

		private static final Duration FOR_GOOD = Duration.ofDays(1000);

		private final List<Runnable> ends = new CopyOnWriteArrayList<>();

		@Bean
		@Primary
		RotationScheduler heldTime(@Qualifier("hastyScheduler") RotationScheduler scheduler) {
			return (task, delay) -> {
				if (delay.compareTo(Duration.ofMinutes(5)) > 0 && delay.compareTo(FOR_GOOD.minusMinutes(1)) < 0) {
					this.ends.add(task);
					return () -> this.ends.remove(task);
				}
				return scheduler.schedule(task, delay);
			};
		}

	}

}
