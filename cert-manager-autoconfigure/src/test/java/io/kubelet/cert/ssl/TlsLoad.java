package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.ClientRotationTests.Client;
import io.kubelet.cert.ssl.ClientRotationTests.Clients;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Load.ThrowingRunnable;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * TLS under constant load while certificates rotate, between peers that are accepted by
 * name. It takes minutes and prints what it counts; it is run by the Maven profile
 * {@code load}, and no part of the normal tests.
 */
class TlsLoad {

	private static final int ROTATIONS = Integer.getInteger("load.rotations", 50);

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final String ORDERS = "spiffe://example.org/ns/orders/sa/orders";

	/** That of the peers, which present a URI and nothing else. */
	private static final TestAuthority authority = new TestAuthority("peers");

	private final CertificatePair shop = authority.svid(SHOP);

	@TempDir
	private Path directory;

	private final AtomicInteger requests = new AtomicInteger();

	/** Two threads with connections that stay, two with a connection for each request. */
	@ParameterizedTest
	@EnumSource
	void server(Kind kind) throws Exception {
		try (RotatingServer server = server(kind, false)) {
			SSLContext context = Connection.context(this.shop, "TLS");
			Callable<?> staying = () -> get(context, server, 10_000);
			Callable<?> once = () -> get(Connection.context(this.shop, "TLS"), server, 1);
			underLoad(kind + " server", () -> rotate(server), List.of(staying, staying, once, once));
		}
	}

	private RotatingServer server(Kind kind, boolean http2) throws IOException {
		return new RotatingServer(kind, "server.http2.enabled=" + http2, "server.ssl.client-auth=want",
				"kubelet.cert.ssl.trust-file=" + trusted(), "kubelet.cert.ssl.accepted-clients.uris=" + SHOP);
	}

	private Path trusted() throws IOException {
		return Files.writeString(this.directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
	}

	private int get(SSLContext context, RotatingServer server, int times) throws Exception {
		try (Connection connection = new Connection(context, server.port(), null)) {
			for (int i = 0; i < times && connection.isKeptAlive(); i++) {
				assertThat(connection.get()).isEqualTo(RotatingApplication.serial(this.shop.leaf()));
				this.requests.incrementAndGet();
			}
			return this.requests.get();
		}
	}

	/** Four threads share the connection of an HTTP/2 client. */
	@ParameterizedTest
	@EnumSource
	void http2(Kind kind) throws Exception {
		try (RotatingServer server = server(kind, true)) {
			HttpClient client = HttpClient.newBuilder().sslContext(Connection.context(this.shop, "TLS")).build();
			underLoad(kind + " server, HTTP/2", () -> rotate(server), Collections.nCopies(4, () -> {
				HttpResponse<String> response = client.send(HttpRequest.newBuilder(server.uri()).build(),
						BodyHandlers.ofString());
				assertThat(response.body()).isEqualTo(RotatingApplication.serial(this.shop.leaf()));
				assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
				return this.requests.incrementAndGet();
			}));
		}
	}

	/** Rotates once a second. */
	private static void rotate(RotatingServer server) throws Exception {
		long due = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
		X509Certificate rotated = server.rotate("server");
		assertThat(server.served()).isEqualTo(rotated);
		TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
		assertThat(server.served()).isEqualTo(rotated);
	}

	/** Four threads make requests; the server stops to trust each old certificate. */
	@ParameterizedTest
	@EnumSource
	void client(Client client) throws Exception {
		try (RotatingApplication application = new RotatingApplication(Clients.class,
				"kubelet.cert.additional.client.ssl.trust-file=" + trusted(),
				"kubelet.cert.additional.client.ssl.accepted-servers.uris=" + ORDERS);
				StandInServer server = new StandInServer(StandInServer::http).start(authority.svid(ORDERS),
						Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())))) {
			Function<URI, String> calls = client.with(application.bundle("client"));
			underLoad(client + " client", () -> {
				X509Certificate old = application.pair("client").leaf();
				application.rotate("client");
				assertThat(calls.apply(server.uri())).isEqualTo(application.serial("client"));
				TimeUnit.MILLISECONDS.sleep(500);
				server.refuse(old);
				TimeUnit.MILLISECONDS.sleep(500);
			}, Collections.nCopies(4, () -> {
				calls.apply(server.uri());
				return this.requests.incrementAndGet();
			}));
			System.out.println("Connections that the server accepted: " + server.presented().size());
		}
	}

	/** Each thread makes its call again and again. None may fail. */
	private void underLoad(String what, ThrowingRunnable rotation, List<Callable<?>> threads) throws Exception {
		Load.during(ROTATIONS, Duration.ofNanos(1), threads, rotation);
		System.out.printf("%s: %d requests, %d rotations, none failed%n", what, this.requests.get(), ROTATIONS);
	}

}
