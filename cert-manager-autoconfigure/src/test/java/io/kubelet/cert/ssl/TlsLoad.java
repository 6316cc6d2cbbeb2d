package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Function;
import java.util.function.Supplier;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.ClientRotationTests.Client;
import io.kubelet.cert.ssl.ClientRotationTests.Clients;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.MutualTlsServer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * TLS under constant load while certificates rotate. It takes minutes and prints what it
 * counts; it is run by the Maven profile {@code load}, and no part of the normal tests.
 */
class TlsLoad {

	private static final int ROTATIONS = Integer.getInteger("load.rotations", 50);

	@TempDir
	Path directory;

	/** Two threads with connections that stay, two with a connection for each request. */
	@ParameterizedTest
	@EnumSource
	void server(Kind kind) throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				RotatingServer server = new RotatingServer(kind, plane, this.directory);
				Load load = new Load()) {
			SSLContext context = Connection.context(plane, null);
			for (int i = 0; i < 2; i++) {
				load.constantly(() -> {
					try (Connection connection = load.connect(() -> handshake(context, server))) {
						while (connection.isKeptAlive() && load.goesOn()) {
							load.request(connection::get);
						}
					}
				});
				load.constantly(() -> {
					try (Connection connection = load.connect(() -> handshake(server, plane))) {
						load.request(connection::get);
					}
				});
			}
			int late = rotate(server, plane);
			load.report(kind + " server",
					load.handshakes.get() + " handshakes; those right after a rotation that saw the old one: " + late);
		}
	}

	/** Four threads share the connection of an HTTP/2 client. */
	@ParameterizedTest
	@EnumSource
	void http2(Kind kind) throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				RotatingServer server = new RotatingServer(kind, plane, this.directory, "server.http2.enabled=true");
				Load load = new Load()) {
			HttpClient client = HttpClient.newBuilder().sslContext(Connection.context(plane, null)).build();
			for (int i = 0; i < 4; i++) {
				load.constantly(() -> load.request(() -> getByHttp2(client, server.uri())));
			}
			int late = rotate(server, plane);
			load.report(kind + " server, HTTP/2", "handshakes right after a rotation that saw the old one: " + late);
		}
	}

	/** Four threads make requests; the server stops to trust each old certificate. */
	@ParameterizedTest
	@EnumSource
	void client(Client client) throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext application = RotatingServer.withoutServer(plane, this.directory,
						Clients.class);
				MutualTlsServer server = new MutualTlsServer(ClientRotationTests.serverContext(application));
				Load load = new Load()) {
			Function<URI, String> requests = client.with(application.getBean(SslBundles.class).getBundle("client"));
			for (int i = 0; i < 4; i++) {
				load.constantly(() -> load.request(() -> requests.apply(server.uri())));
			}
			for (int rotation = 0; rotation < ROTATIONS; rotation++) {
				X509Certificate old = application.getBean(CertificateManagers.class)
					.get("client")
					.current()
					.orElseThrow()
					.leaf();
				X509Certificate rotated = RotatingServer.rotate(application, "client");
				assertThat(requests.apply(server.uri())).isEqualTo(rotated.getSerialNumber().toString(16));
				TimeUnit.MILLISECONDS.sleep(500);
				server.refuse(old);
				TimeUnit.MILLISECONDS.sleep(500);
			}
			load.report(client + " client", "connections that the server accepted: " + server.connections());
		}
	}

	/**
	 * Rotate once a second.
	 * @return how many handshakes right after a rotation saw the certificate of before
	 */
	private static int rotate(RotatingServer server, EmbeddedControlPlane plane) throws InterruptedException {
		int late = 0;
		for (int rotation = 0; rotation < ROTATIONS; rotation++) {
			long due = System.nanoTime() + TimeUnit.SECONDS.toNanos(1);
			X509Certificate rotated = server.rotate("server");
			try (Connection connection = handshake(server, plane)) {
				late += connection.serverCertificate().equals(rotated) ? 0 : 1;
			}
			TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
			try (Connection connection = handshake(server, plane)) {
				assertThat(connection.serverCertificate()).isEqualTo(rotated);
			}
		}
		return late;
	}

	private static void getByHttp2(HttpClient client, URI uri) {
		try {
			HttpResponse<Void> response = client.send(HttpRequest.newBuilder(uri).build(), BodyHandlers.discarding());
			assertThat(response.statusCode()).isEqualTo(200);
			assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		catch (InterruptedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static Connection handshake(RotatingServer server, EmbeddedControlPlane plane) {
		return handshake(Connection.context(plane, null), server);
	}

	private static Connection handshake(SSLContext context, RotatingServer server) {
		return new Connection(context, server.port(), null);
	}

	/** Threads that do the same again and again, and the count of what they did. */
	private static final class Load implements AutoCloseable {

		private final ExecutorService threads = Executors.newCachedThreadPool();

		private final List<Future<?>> running = new ArrayList<>();

		private final AtomicInteger requests = new AtomicInteger();

		private final AtomicInteger handshakes = new AtomicInteger();

		private final AtomicInteger failures = new AtomicInteger();

		private final AtomicReference<@Nullable Throwable> firstFailure = new AtomicReference<>();

		private volatile boolean done;

		boolean goesOn() {
			return !this.done;
		}

		void constantly(Runnable task) {
			this.running.add(this.threads.submit(() -> {
				while (!this.done) {
					try {
						task.run();
					}
					catch (RuntimeException ex) {
						this.failures.incrementAndGet();
						this.firstFailure.compareAndSet(null, ex);
					}
				}
			}));
		}

		void request(Runnable request) {
			request.run();
			this.requests.incrementAndGet();
		}

		Connection connect(Supplier<Connection> connection) {
			Connection connected = connection.get();
			this.handshakes.incrementAndGet();
			return connected;
		}

		void report(String what, String more) throws Exception {
			this.done = true;
			for (Future<?> thread : this.running) {
				thread.get(120, TimeUnit.SECONDS);
			}
			System.out.printf("%s: %d requests, %d rotations, %d failures; %s%n", what, this.requests.get(), ROTATIONS,
					this.failures.get(), more);
			assertThat(this.firstFailure.get()).isNull();
		}

		@Override
		public void close() {
			this.done = true;
			this.threads.shutdown();
		}

	}

}
