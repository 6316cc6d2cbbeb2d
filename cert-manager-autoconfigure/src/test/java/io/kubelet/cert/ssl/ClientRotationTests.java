package io.kubelet.cert.ssl;

import java.io.IOException;
import java.lang.ref.Reference;
import java.net.URI;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collection;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.Supplier;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.client.CertificateClientAutoConfiguration;
import io.kubelet.cert.autoconfigure.client.LiveClients;
import io.kubelet.cert.testsupport.Load;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Metrics;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.netty.http.client.HttpClient;
import reactor.netty.resources.ConnectionProvider;

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
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.webclient.autoconfigure.WebClientAutoConfiguration;
import org.springframework.boot.webclient.autoconfigure.WebClientSsl;
import org.springframework.context.annotation.Configuration;
import org.springframework.web.client.RestClient;
import org.springframework.web.reactive.function.client.WebClient;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * HTTP clients whose certificate rotates. The server tells which one they presented.
 *
 * @see LiveSslBundle
 * @see io.kubelet.cert.autoconfigure.client.LiveClientBuilders
 */
class ClientRotationTests {

	private static RotatingApplication application;

	private static SslBundle bundle;

	private StandInServer server;

	@BeforeAll
	static void start() {
		application = new RotatingApplication(Clients.class, "kubelet.cert.additional.client.ssl.drain=1s");
		bundle = application.bundle("client");
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	@BeforeEach
	void startServer() throws IOException {
		this.server = server(application);
	}

	/**
	 * It is no part of the project, so its certificate stays and sessions are resumed.
	 */
	static StandInServer server(RotatingApplication application) throws IOException {
		return new StandInServer(StandInServer::http).start(fixed(application));
	}

	static SslBundle fixed(RotatingApplication application) {
		SslStoreBundle stores = application.bundle("server").getStores();
		return SslBundle
			.of(SslStoreBundle.of(stores.getKeyStore(), stores.getKeyStorePassword(), stores.getTrustStore()));
	}

	@AfterEach
	void stopServer() throws IOException {
		this.server.close();
	}

	/** All clients at once, so that there is one load. */
	@Test
	void serverThatStopsToTrustTheOldCertificateLosesNoRequest() throws Exception {
		Map<Client, Function<URI, String>> clients = new EnumMap<>(Client.class);
		Stream.of(Client.values()).forEach((client) -> clients.put(client, client.with(bundle)));
		AtomicInteger calls = new AtomicInteger();
		Load.during(2, () -> {
			clients
				.forEach((client, requests) -> assertThatCode(() -> requests.apply(this.server.uri())).as(client.name())
					.doesNotThrowAnyException());
			return calls.incrementAndGet();
		}, () -> {
			X509Certificate old = application.pair("client").leaf();
			await(calls, 3);
			application.rotate("client");
			String rotated = application.serial("client");
			assertThat(clients)
				.allSatisfy((client, requests) -> assertThat(requests.apply(this.server.uri())).isEqualTo(rotated));
			// What was under way at the rotation has ended after a few requests more
			await(calls, 3);
			this.server.refuse(old);
			await(calls, 3);
		});
	}

	private static void await(AtomicInteger calls, int more) {
		int until = calls.get() + more;
		Awaitility.await().until(() -> calls.get() >= until);
	}

	/**
	 * At the end of the drain; those of the JDK's client when the garbage collector runs
	 * after that. Its {@code HttpURLConnection} closes them when they have been idle.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void idleConnectionsOfBeforeTheRotationAreClosed(boolean ofTheJdk) {
		List<Function<URI, String>> clients = Stream.of(Client.values())
			.filter((client) -> client != Client.REST_SIMPLE && client.name().endsWith("JDK") == ofTheJdk)
			.map((client) -> client.with(bundle))
			.toList();
		X509Certificate first = application.rotate("client");
		LiveSslBundle live = Objects.requireNonNull(LiveSslBundle.of(bundle));
		clients.forEach((requests) -> requests.apply(this.server.uri()));
		assertThat(this.server.open()).hasSameSizeAs(clients);
		assertThat(ofTheJdk ? live.mayBeHeld(first) : live.isHeld(first)).isTrue();
		application.rotate("client");
		Awaitility.await().pollInterval(Duration.ofMillis(500)).untilAsserted(() -> {
			if (ofTheJdk) {
				System.gc();
			}
			assertThat(this.server.open()).isEmpty();
			assertThat(live.mayBeHeld(first)).isFalse();
		});
		Reference.reachabilityFence(clients);
	}

	@Test
	void poolsOfReactorGoWithTheirIdentity() throws Exception {
		ConnectionProvider provider = ConnectionProvider.builder("mine").metrics(true).build();
		WebClient client = WebClient.builder()
			.clientConnector(LiveClients
				.live(ClientHttpConnectorBuilder.reactor().withHttpClientFactory(() -> HttpClient.create(provider)))
				.build(HttpClientSettings.ofSslBundle(bundle)))
			.build();
		presentsTheNewCertificate(() -> get(client, this.server.uri()));
		assertThat(pools("mine")).isNotEmpty();
		Awaitility.await().until(() -> pools("mine").isEmpty());
	}

	private static Collection<Gauge> pools(String name) {
		return Metrics.globalRegistry.find("reactor.netty.connection.provider.total.connections")
			.tag("name", name)
			.gauges();
	}

	@Test
	void clientsOfSpringBootPresentTheNewCertificate() throws Exception {
		RestClient restClient = restClient(application);
		WebClient webClient = application.bean(WebClient.Builder.class)
			.apply(application.bean(WebClientSsl.class).fromBundle("client"))
			.build();
		RestTemplateBuilder templates = application.bean(RestTemplateBuilder.class).sslBundle(bundle);
		presentsTheNewCertificate(() -> get(restClient, this.server.uri()), () -> get(webClient, this.server.uri()),
				() -> templates.build().getForObject(this.server.uri(), String.class));
	}

	/** In these, Spring Boot has no builder bean, and detects one for each use. */
	@Test
	void restClientOfAReactiveApplicationFollowsTheRotation() {
		try (RotatingApplication reactive = new RotatingServer(RotatingServer.Kind.NETTY, Clients.class,
				"kubelet.cert.additional.client.ssl.drain=1s")) {
			RestClient client = restClient(reactive);
			for (int rotation = 0; rotation <= 2; rotation++) {
				assertThat(get(client, this.server.uri())).isEqualTo(reactive.serial("client"));
				assertThat(this.server.open()).containsExactly(reactive.serial("client"));
				reactive.rotate("client");
				Awaitility.await().untilAsserted(() -> assertThat(this.server.open()).isEmpty());
			}
		}
	}

	/** Also in a client that does not compare the address. */
	@ParameterizedTest
	@ValueSource(strings = { "client", "named" })
	void protocolOfTheBundleIsTheOnlyOne(String name) throws Exception {
		try (RotatingApplication limited = new RotatingApplication(Clients.class,
				"kubelet.cert.ssl.options.enabled-protocols=TLSv1.2",
				"kubelet.cert.additional.named.signer-name=kubernetes.io/kube-apiserver-client-kubelet",
				"kubelet.cert.additional.named.template.common-name=system:node:test",
				"kubelet.cert.additional.named.template.organizations=system:nodes",
				"kubelet.cert.additional.named.ssl.accepted-servers.dns-names=localhost");
				StandInServer server = server(limited)) {
			// Spring Boot refuses options for HttpURLConnection
			for (Client client : EnumSet.complementOf(EnumSet.of(Client.REST_SIMPLE))) {
				Function<URI, String> requests = client.with(limited.bundle(name));
				assertThat(requests.apply(server.uri())).isEqualTo(limited.serial(name));
				assertThat(server.protocols()).as(client.name()).isNotEmpty().containsOnly("TLSv1.2");
				Reference.reachabilityFence(requests);
			}
		}
	}

	private static RestClient restClient(RotatingApplication application) {
		return application.bean(RestClient.Builder.class)
			.apply(application.bean(RestClientSsl.class).fromBundle("client"))
			.build();
	}

	/**
	 * A client of the user's own presents the new certificate when it connects anew,
	 * although the server would resume the session. Netty makes a context of its own, as
	 * do others that only take the managers.
	 */
	@Test
	void newConnectionPresentsTheNewCertificate() throws Exception {
		SSLContext live = bundle.createSslContext();
		SSLContext ofManagers = SSLContext.getInstance("TLS");
		ofManagers.init(bundle.getManagers().getKeyManagers(), bundle.getManagers().getTrustManagers(), null);
		SslContext netty = SslContextBuilder.forClient()
			.keyManager(bundle.getManagers().getKeyManagerFactory())
			.trustManager(bundle.getManagers().getTrustManagerFactory())
			.build();
		HttpClient reactor = HttpClient.newConnection().secure((spec) -> spec.sslContext(netty));
		OkHttpClient okHttp = new OkHttpClient.Builder()
			.sslSocketFactory(live.getSocketFactory(), (X509TrustManager) bundle.getManagers().getTrustManagers()[0])
			.build();
		presentsTheNewCertificate(() -> connectAndGet(bundle.createSslContext()), () -> connectAndGet(live),
				() -> connectAndGet(ofManagers),
				() -> reactor.get().uri(this.server.uri()).responseContent().aggregate().asString().block(), () -> {
					okHttp.connectionPool().evictAll();
					try (Response response = okHttp
						.newCall(new Request.Builder().url(this.server.uri().toString()).build())
						.execute()) {
						return response.body().string();
					}
				});
	}

	@SafeVarargs
	private static void presentsTheNewCertificate(Callable<String>... requests) throws Exception {
		for (int rotation = 0; rotation <= 2; rotation++) {
			for (Callable<String> request : requests) {
				assertThat(List.of(request.call(), request.call())).containsOnly(application.serial("client"));
			}
			application.rotate("client");
		}
	}

	private static String get(RestClient client, URI uri) {
		return String.valueOf(client.get().uri(uri).retrieve().body(String.class));
	}

	private static String get(WebClient client, URI uri) {
		return String.valueOf(client.get().uri(uri).retrieve().bodyToMono(String.class).block());
	}

	private String connectAndGet(SSLContext context) throws IOException {
		try (Connection connection = new Connection(context, this.server.port(), null)) {
			return connection.get();
		}
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
	static class Clients {

	}

}
