package io.kubelet.cert.ssl;

import java.io.IOException;
import java.lang.ref.Reference;
import java.net.SocketAddress;
import java.net.URI;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;

import javax.net.ssl.SSLContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.client.CertificateClientAutoConfiguration;
import io.kubelet.cert.autoconfigure.client.LiveClients;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.MutualTlsServer;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import reactor.netty.resources.ConnectionPoolMetrics;
import reactor.netty.resources.ConnectionProvider;
import reactor.netty.resources.ConnectionProvider.MeterRegistrar;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.http.client.ClientHttpRequestFactoryBuilder;
import org.springframework.boot.http.client.HttpClientSettings;
import org.springframework.boot.http.client.autoconfigure.HttpClientAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.imperative.ImperativeHttpClientAutoConfiguration;
import org.springframework.boot.http.client.autoconfigure.reactive.ReactiveHttpClientAutoConfiguration;
import org.springframework.boot.http.client.reactive.ClientHttpConnectorBuilder;
import org.springframework.boot.restclient.RestTemplateBuilder;
import org.springframework.boot.restclient.autoconfigure.RestClientAutoConfiguration;
import org.springframework.boot.restclient.autoconfigure.RestClientSsl;
import org.springframework.boot.restclient.autoconfigure.RestTemplateAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.webclient.autoconfigure.WebClientAutoConfiguration;
import org.springframework.boot.webclient.autoconfigure.WebClientSsl;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * HTTP clients whose certificate rotates. The server tells which one they presented.
 */
class ClientRotationTests {

	@TempDir
	static Path directory;

	private static EmbeddedControlPlane plane;

	private static ConfigurableApplicationContext application;

	private static SslBundle bundle;

	private MutualTlsServer server;

	@BeforeAll
	static void start() {
		plane = EmbeddedControlPlane.start();
		application = RotatingServer.withoutServer(plane, directory, Clients.class,
				"kubelet.cert.additional.client.ssl.drain=2s");
		bundle = application.getBean(SslBundles.class).getBundle("client");
	}

	@AfterAll
	static void stop() {
		application.close();
		plane.close();
	}

	@BeforeEach
	void startServer() throws IOException {
		this.server = new MutualTlsServer(serverContext(application));
	}

	/** The server is not ours, so it lets sessions be resumed. */
	static SSLContext serverContext(ConfigurableApplicationContext application) {
		SslStoreBundle stores = application.getBean(SslBundles.class).getBundle("server").getStores();
		return SslBundle
			.of(SslStoreBundle.of(stores.getKeyStore(), stores.getKeyStorePassword(), stores.getTrustStore()))
			.createSslContext();
	}

	@AfterEach
	void stopServer() {
		this.server.close();
	}

	@ParameterizedTest
	@EnumSource
	void serverThatStopsToTrustTheOldCertificateLosesNoRequest(Client client) throws Exception {
		Function<URI, String> requests = client.with(bundle);
		losesNoRequest(() -> requests.apply(this.server.uri()));
	}

	/**
	 * At the end of the drain; those of the JDK's clients when the garbage collector runs
	 * after that, or after 5 to 10 s. All clients at once, so that the test waits for one
	 * drain.
	 */
	@Test
	void idleConnectionsOfBeforeTheRotationAreClosed() throws Exception {
		Map<Client, OpenConnections> connections = new EnumMap<>(Client.class);
		List<Function<URI, String>> requests = new ArrayList<>();
		try {
			for (Client client : Client.values()) {
				OpenConnections opened = new OpenConnections(this.server.uri());
				connections.put(client, opened);
				requests.add(client.with(bundle));
				requests.get(client.ordinal()).apply(opened.uri());
				assertThat(opened.count()).as(client.name()).isOne();
			}
			RotatingServer.rotate(application, "client");
			org.awaitility.Awaitility.await().pollInterval(Duration.ofMillis(200)).untilAsserted(() -> {
				System.gc();
				assertThat(connections).allSatisfy((client, opened) -> assertThat(opened.count()).isZero());
			});
			Reference.reachabilityFence(requests);
		}
		finally {
			connections.values().forEach(OpenConnections::close);
		}
	}

	@Test
	void poolsOfReactorGoWithTheirIdentity() {
		AtomicInteger pools = new AtomicInteger();
		ConnectionProvider provider = ConnectionProvider.builder("mine").metrics(true, () -> new MeterRegistrar() {

			@Override
			public void registerMetrics(String name, String id, SocketAddress address, ConnectionPoolMetrics metrics) {
				pools.incrementAndGet();
			}

			@Override
			public void deRegisterMetrics(String name, String id, SocketAddress address) {
				pools.decrementAndGet();
			}

		}).build();
		WebClient client = WebClient.builder()
			.clientConnector(LiveClients
				.live(ClientHttpConnectorBuilder.reactor()
					.withHttpClientFactory(() -> reactor.netty.http.client.HttpClient.create(provider)))
				.build(HttpClientSettings.ofSslBundle(bundle)))
			.build();
		presentsTheNewCertificate(() -> get(client, this.server.uri()));
		org.awaitility.Awaitility.await().until(() -> pools.get() == 1);
	}

	@Test
	void clientsOfSpringBootPresentTheNewCertificate() {
		RestClient restClient = application.getBean(RestClient.Builder.class)
			.apply(application.getBean(RestClientSsl.class).fromBundle("client"))
			.build();
		WebClient webClient = application.getBean(WebClient.Builder.class)
			.apply(application.getBean(WebClientSsl.class).fromBundle("client"))
			.build();
		RestTemplateBuilder templates = application.getBean(RestTemplateBuilder.class).sslBundle(bundle);
		presentsTheNewCertificate(() -> get(restClient, this.server.uri()), () -> get(webClient, this.server.uri()),
				() -> templates.build().getForObject(this.server.uri(), String.class));
	}

	/** A client of the user's own presents the new certificate when it connects anew. */
	@Test
	void newConnectionPresentsTheNewCertificate() {
		OkHttpClient client = new OkHttpClient.Builder()
			.sslSocketFactory(bundle.createSslContext().getSocketFactory(),
					(X509TrustManager) bundle.getManagers().getTrustManagers()[0])
			.build();
		presentsTheNewCertificate(() -> connectAndGet(bundle.createSslContext()), () -> {
			client.connectionPool().evictAll();
			try (Response response = client.newCall(new Request.Builder().url(this.server.uri().toString()).build())
				.execute()) {
				return response.body().string();
			}
			catch (IOException ex) {
				throw new java.io.UncheckedIOException(ex);
			}
		});
	}

	/** Sessions that end with their identity: the trap that this closes is real. */
	@Test
	void sessionOfContextFromTheBundleIsNotResumedAfterRotation() {
		SSLContext live = bundle.createSslContext();
		SSLContext plain = plainContext();
		X509Certificate before = current();
		assertThat(connectAndGet(live)).isEqualTo(serial(before));
		assertThat(connectAndGet(plain)).isEqualTo(serial(before));
		X509Certificate after = RotatingServer.rotate(application, "client");
		assertThat(connectAndGet(live)).isEqualTo(serial(after));
		assertThat(connectAndGet(plain)).as("resumed without invalidation").isEqualTo(serial(before));
	}

	/** Netty makes a context of its own, as do others that only take the managers. */
	@Test
	void sessionOfContextFromTheManagersIsNotResumedAfterRotation() throws Exception {
		SslContext netty = SslContextBuilder.forClient()
			.keyManager(bundle.getManagers().getKeyManagerFactory())
			.trustManager(bundle.getManagers().getTrustManagerFactory())
			.build();
		reactor.netty.http.client.HttpClient client = reactor.netty.http.client.HttpClient.newConnection()
			.secure((spec) -> spec.sslContext(netty));
		SSLContext jdk = SSLContext.getInstance("TLS");
		jdk.init(bundle.getManagers().getKeyManagers(), bundle.getManagers().getTrustManagers(), null);
		presentsTheNewCertificate(
				() -> client.get().uri(this.server.uri()).responseContent().aggregate().asString().block(),
				() -> connectAndGet(jdk));
	}

	@SafeVarargs
	private static void presentsTheNewCertificate(Supplier<String>... requests) {
		for (int rotation = 0; rotation <= 2; rotation++) {
			X509Certificate current = (rotation == 0) ? current() : RotatingServer.rotate(application, "client");
			for (Supplier<String> request : requests) {
				assertThat(List.of(request.get(), request.get())).containsOnly(serial(current));
			}
		}
	}

	private void losesNoRequest(Supplier<String> request) throws Exception {
		AtomicInteger requests = new AtomicInteger();
		Load.during(2, () -> {
			request.get();
			return requests.incrementAndGet();
		}, () -> {
			X509Certificate old = current();
			await(requests, 10);
			X509Certificate rotated = RotatingServer.rotate(application, "client");
			assertThat(request.get()).isEqualTo(serial(rotated));
			// What was under way at the rotation has ended after a few requests more
			await(requests, 10);
			this.server.refuse(old);
			await(requests, 10);
		});
	}

	private static void await(AtomicInteger requests, int more) {
		int until = requests.get() + more;
		org.awaitility.Awaitility.await().until(() -> requests.get() >= until);
	}

	private static String get(RestClient client, URI uri) {
		return String.valueOf(client.get().uri(uri).retrieve().body(String.class));
	}

	private static String get(WebClient client, URI uri) {
		return String.valueOf(client.get().uri(uri).retrieve().bodyToMono(String.class).block());
	}

	private String connectAndGet(SSLContext context) {
		try (Connection connection = new Connection(context, this.server.uri().getPort(), null)) {
			return connection.get();
		}
	}

	/**
	 * A context as one would make it of live managers, with nobody to end its sessions.
	 */
	private static SSLContext plainContext() {
		try {
			LiveSslBundle live = (LiveSslBundle) bundle.getManagers();
			LiveSslBundle unattended = new LiveSslBundle("unattended",
					application.getBean(CertificateManagers.class).get("client"), () -> live.identity().trust(),
					(task, time) -> live.after(time, task), live.drain());
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(unattended.getKeyManagers(), unattended.getTrustManagers(), null);
			return context;
		}
		catch (java.security.GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	private static X509Certificate current() {
		return application.getBean(CertificateManagers.class).get("client").current().orElseThrow().leaf();
	}

	private static String serial(X509Certificate certificate) {
		return certificate.getSerialNumber().toString(16);
	}

	/** The clients behind {@code RestClient} and {@code WebClient}. */
	enum Client {

		REST_JDK(ClientHttpRequestFactoryBuilder::jdk),

		REST_HTTP_COMPONENTS(ClientHttpRequestFactoryBuilder::httpComponents),

		REST_JETTY(ClientHttpRequestFactoryBuilder::jetty),

		REST_REACTOR(ClientHttpRequestFactoryBuilder::reactor),

		REST_SIMPLE(ClientHttpRequestFactoryBuilder::simple),

		WEB_JDK(ClientHttpConnectorBuilder.jdk()),

		WEB_HTTP_COMPONENTS(ClientHttpConnectorBuilder.httpComponents()),

		WEB_JETTY(ClientHttpConnectorBuilder.jetty()),

		WEB_REACTOR(ClientHttpConnectorBuilder.reactor());

		private final Function<SslBundle, Function<URI, String>> requests;

		Client(Supplier<ClientHttpRequestFactoryBuilder<?>> builder) {
			this.requests = (bundle) -> {
				RestClient client = RestClient.builder()
					.requestFactory(LiveClients.live(builder.get()).build(HttpClientSettings.ofSslBundle(bundle)))
					.build();
				return (uri) -> get(client, uri);
			};
		}

		Client(ClientHttpConnectorBuilder<?> builder) {
			this.requests = (bundle) -> {
				WebClient client = WebClient.builder()
					.clientConnector(LiveClients.live(builder).build(HttpClientSettings.ofSslBundle(bundle)))
					.build();
				return (uri) -> get(client, uri);
			};
		}

		/** One that presents the certificate of a bundle. */
		Function<URI, String> with(SslBundle bundle) {
			return this.requests.apply(bundle);
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateClientAutoConfiguration.class, HttpClientAutoConfiguration.class,
			ImperativeHttpClientAutoConfiguration.class, RestClientAutoConfiguration.class,
			RestTemplateAutoConfiguration.class, ReactiveHttpClientAutoConfiguration.class,
			WebClientAutoConfiguration.class })
	static class Clients extends RotatingServer.Certificates {

	}

}
