package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import io.netty.handler.ssl.OpenSsl;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.util.ssl.SslContextFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.jetty.JettyWebServerFactory;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.boot.web.server.WebServerFactoryCustomizer;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

/**
 * Web servers whose certificate rotates.
 *
 * @see io.kubelet.cert.autoconfigure.server.CertificateServerAutoConfiguration
 * @see io.kubelet.cert.autoconfigure.server.JettyRotation
 * @see io.kubelet.cert.autoconfigure.server.NettyRotation
 * @see io.kubelet.cert.autoconfigure.server.DrainingNioProtocol
 */
@ParameterizedClass
@EnumSource
@ExtendWith(OutputCaptureExtension.class)
class ServerRotationTests {

	private static final TestAuthority otherAuthority = new TestAuthority("other");

	@TempDir
	private static Path directory;

	/**
	 * With the usual drain. The name of the pair has a capital, and the key store an
	 * alias in lower case.
	 */
	private static RotatingServer server;

	/** Without a drain, and with everything that an application may configure. */
	private static RotatingServer special;

	private final Kind kind;

	ServerRotationTests(Kind kind) {
		this.kind = kind;
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind) throws IOException {
		server = new RotatingServer(kind, Listening.class, "kubelet.cert.pair-name=Server", "server.ssl.bundle=Server",
				"server.http2.enabled=true",
				"logging.level.org.springframework.boot.reactor.netty.SslServerCustomizer=debug");
		Path ca = Files.writeString(directory.resolve("ca.pem"), RotatingApplication.plane.caPem());
		Path pem = Files.writeString(directory.resolve("fixed.pem"),
				Pem.write(otherAuthority.pair("fixed", "fixed.test")));
		Stream<String> names = (kind == Kind.JETTY) ? Stream.of()
				: Stream.of("kubelet.cert.additional.two.signer-name=kubernetes.io/kubelet-serving",
						"kubelet.cert.additional.two.template.common-name=system:node:two",
						"kubelet.cert.additional.two.template.organizations=system:nodes",
						"kubelet.cert.additional.two.template.dns-names=two.test",
						"spring.ssl.bundle.pem.fixed.keystore.certificate=" + pem,
						"spring.ssl.bundle.pem.fixed.keystore.private-key=" + pem,
						"spring.ssl.bundle.pem.fixed.truststore.certificate=" + ca,
						"server.ssl.server-name-bundles[0].server-name="
								+ ((kind == Kind.TOMCAT) ? "Two.Test" : "two.test"),
						"server.ssl.server-name-bundles[0].bundle=two",
						"server.ssl.server-name-bundles[1].server-name=fixed.test",
						"server.ssl.server-name-bundles[1].bundle=fixed");
		special = new RotatingServer(kind, Listening.class, Stream.concat(names,
				Stream.of("kubelet.cert.ssl.drain=0s", "server.ssl.client-auth=need", "server.http2.enabled=true",
						"kubelet.cert.key.algorithm=" + (takesEd25519(kind) ? "ed25519" : "ec"),
						"spring.threads.virtual.enabled=true", "management.server.port=0",
						"management.server.ssl.bundle=server"))
			.toArray(String[]::new));
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		server.close();
		special.close();
	}

	/**
	 * Each server logs what it loads: Jetty and Tomcat the certificate, Netty the update.
	 */
	@Test
	void rotationReloadsNoServer(CapturedOutput output) throws Exception {
		long atStart = loads(output);
		for (int rotation = 0; rotation < 3; rotation++) {
			X509Certificate rotated = server.rotate("Server");
			assertThat(server.served()).isEqualTo(rotated);
		}
		assertThat(loads(output) - atStart).isZero();
	}

	private static long loads(CapturedOutput output) {
		return output.toString()
			.lines()
			.filter((line) -> Stream.of("configured from keystore", " x509=", "reloading SSL configuration")
				.anyMatch(line::contains))
			.count();
	}

	/** What a listener does with the event, such as a check of the server, holds. */
	@Test
	void listenerOfTheEventFindsTheServerUpdated() {
		for (int rotation = 0; rotation < 2; rotation++) {
			server.bean(Listening.class).finds(server.rotate("Server"));
		}
	}

	/**
	 * A server that is made of the managers, such as Netty, resumes none with a ticket.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void sessionIsResumedUntilARotation(String protocol) throws Exception {
		assumeThat(this.kind).isNotEqualTo(Kind.NETTY);
		SSLContext client = Connection.context(null, protocol);
		long first = sessionCreated(client);
		assertThat(sessionCreated(client)).isEqualTo(first);
		X509Certificate rotated = server.rotate("Server");
		long second = sessionCreated(client);
		assertThat(second).isNotEqualTo(first);
		assertThat(sessionCreated(client)).isEqualTo(second);
		try (Connection connection = new Connection(client, server.port(), null)) {
			assertThat(connection.serverCertificate()).isEqualTo(rotated);
		}
	}

	private static long sessionCreated(SSLContext client) throws IOException {
		try (Connection connection = new Connection(client, server.port(), null)) {
			connection.get();
			return connection.sessionCreated();
		}
	}

	@Test
	void connectionOfBeforeTheRotationIsServedAndAskedToClose() throws Exception {
		try (Connection old = server.connect(); Connection busy = server.connect()) {
			old.get();
			assertThat(old.isKeptAlive()).isTrue();
			busy.send("/held");
			CompletableFuture<@Nullable Void> held = server.held();
			X509Certificate rotated = server.rotate("Server");
			assertThat(server.served()).isEqualTo(rotated);
			held.complete(null);
			assertThat(busy.answer()).isEqualTo("none");
			assertThat(old.get()).isEqualTo("none");
			assertThat(old.isKeptAlive()).isFalse();
			try (Connection connection = server.connect()) {
				connection.get();
				connection.get();
				assertThat(connection.isKeptAlive()).isTrue();
			}
		}
	}

	@Test
	void http2ConnectionOfBeforeTheRotationTakesNoFurtherRequest() throws Exception {
		HttpClient client = HttpClient.newBuilder().sslContext(Connection.context(null, "TLS")).build();
		X509Certificate first = server.pair("Server").leaf();
		assertThat(servedByHttp2(client)).isEqualTo(first).isEqualTo(servedByHttp2(client));
		X509Certificate rotated = server.rotate("Server");
		await().until(() -> servedByHttp2(client).equals(rotated));
	}

	private static X509Certificate servedByHttp2(HttpClient client) throws Exception {
		HttpResponse<String> response = client.send(HttpRequest.newBuilder(server.uri()).build(),
				BodyHandlers.ofString());
		assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
		assertThat(response.statusCode()).isEqualTo(200);
		return (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
	}

	@Test
	void requestThatIsUnderWayIsCutAtTheEndOfTheDrain() throws Exception {
		try (Connection idle = connect(); Connection busy = connect()) {
			idle.get();
			busy.send("/held");
			CompletableFuture<@Nullable Void> held = special.held();
			special.rotate("server");
			await().until(() -> idle.isClosedByServer() && busy.isClosedByServer());
			held.complete(null);
			assertThat(special.served()).isEqualTo(special.pair("server").leaf());
		}
	}

	/** A client may go on as if it had not been asked to go away. */
	@Test
	void http2ConnectionWithAStreamIsCutAtTheEndOfTheDrain() throws Exception {
		SSLContext context = Connection.context(special.pair("client"), "TLS");
		try (Http2Connection busy = new Http2Connection(context, special.port())) {
			busy.get();
			busy.open("/events");
			CompletableFuture<@Nullable Void> held = special.held();
			special.rotate("server");
			await().until(busy::isClosedByServer);
			held.complete(null);
			assertThatIOException().isThrownBy(busy::get);
		}
	}

	@Test
	void managementServerOnAPortOfItsOwnFollowsTheRotation() throws Exception {
		SSLContext client = Connection.context(null, "TLS");
		int port = special.port("local.management.port");
		try (Connection old = new Connection(client, port, null)) {
			assertThat(old.serverCertificate()).isEqualTo(special.pair("server").leaf());
			X509Certificate rotated = special.rotate("server");
			try (Connection next = new Connection(client, port, null)) {
				assertThat(next.serverCertificate()).isEqualTo(rotated);
			}
			await().until(old::isClosedByServer);
		}
	}

	/** Netty with OpenSSL does not, in the Maven profile {@code openssl}. */
	private static boolean takesEd25519(Kind kind) {
		return kind != Kind.NETTY || !OpenSsl.isAvailable();
	}

	/** All that Ed25519 needs of a server and of a client, with both versions of TLS. */
	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void keysMayBeEd25519(String protocol) throws Exception {
		assumeThat(takesEd25519(this.kind)).isTrue();
		X509Certificate rotated = special.rotate("server");
		CertificatePair client = special.pair("client");
		for (SSLContext presenting : List.of(Connection.context(client, protocol),
				special.bundle("client").createSslContext())) {
			try (Connection connection = new Connection(presenting, special.port(), null)) {
				assertThat(connection.get()).isEqualTo(special.serial("client"));
				assertThat(connection.serverCertificate()).isEqualTo(rotated);
			}
		}
		assertThat(List.of(rotated, client.leaf())).extracting((leaf) -> leaf.getPublicKey().getAlgorithm())
			.containsOnly("EdDSA");
	}

	@Test
	@EnabledForJreRange(min = JRE.JAVA_21)
	void applicationMayUseVirtualThreads() throws Exception {
		try (Connection old = connect()) {
			old.get();
			X509Certificate rotated = special.rotate("server");
			assertThat(special.served()).isEqualTo(rotated);
			await().until(old::isClosedByServer);
			special.bean(Listening.class).finds(rotated);
			assertThat(special.bean(Listening.class).threadGroups).containsOnly("VirtualThreads");
		}
	}

	@Test
	void eachServerNameHasItsOwnCertificateAndConnectionsOfAFixedOneAreLeftAlone() throws Exception {
		assumeThat(this.kind).isNotEqualTo(Kind.JETTY);
		SSLContext context = Connection.context(Pem.write(List.of(otherAuthority.certificate())),
				special.pair("client"), "TLS");
		try (Connection old = connect(); Connection fixed = new Connection(context, special.port(), "fixed.test")) {
			fixed.get();
			X509Certificate one = special.rotate("server");
			X509Certificate two = special.rotate("two");
			assertThat(served("one.test")).isEqualTo(one);
			assertThat(served("two.test")).isEqualTo(two);
			await().until(old::isClosedByServer);
			fixed.get();
			assertThat(fixed.isKeptAlive()).isTrue();
		}
	}

	@Test
	void connectorThatTheApplicationAddsToJettyKeepsItsCertificate() throws IOException {
		assumeThat(this.kind).isEqualTo(Kind.JETTY);
		SSLContext context = Connection.context(Pem.write(List.of(otherAuthority.certificate())), null, "TLS");
		int port = Objects.requireNonNull(server.bean(Listening.class).added).getLocalPort();
		try (Connection fixed = new Connection(context, port, null)) {
			assertThat(fixed.serverCertificate().getSubjectX500Principal().getName()).isEqualTo("CN=added");
		}
	}

	private static X509Certificate served(String serverName) throws IOException {
		try (Connection connection = new Connection(Connection.context(null, "TLS"), special.port(), serverName)) {
			return connection.serverCertificate();
		}
	}

	/** Connects with the certificate of the client. */
	private static Connection connect() throws IOException {
		return special.connect(special.pair("client"), "TLS");
	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		/** By the certificate of each event, that of the server meanwhile. */
		private final Map<X509Certificate, X509Certificate> served = new ConcurrentHashMap<>();

		private final Set<String> threadGroups = ConcurrentHashMap.newKeySet();

		private final Environment environment;

		private @Nullable ServerConnector added;

		Listening(Environment environment) {
			this.environment = environment;
		}

		@Bean
		WebServerFactoryCustomizer<JettyWebServerFactory> connector() {
			SslContextFactory.Server context = new SslContextFactory.Server();
			context.setKeyStore(KeyStores.holding(otherAuthority.pair("added", "localhost"), "added", "password"));
			context.setKeyStorePassword("password");
			return (factory) -> factory.addServerCustomizers((jetty) -> {
				this.added = new ServerConnector(jetty, context);
				jetty.addConnector(this.added);
			});
		}

		@EventListener(condition = "#event.name.equalsIgnoreCase('server')")
		void rotated(CertificateRotatedEvent event) throws IOException {
			this.threadGroups.add(Thread.currentThread().getThreadGroup().getName());
			int port = this.environment.getRequiredProperty("local.server.port", Integer.class);
			try (Connection connection = new Connection(Connection.context(null, "TLS"), port, null)) {
				this.served.put(event.getCertificate(), connection.serverCertificate());
			}
		}

		void finds(X509Certificate rotated) {
			await().untilAsserted(() -> assertThat(this.served).containsEntry(rotated, rotated));
		}

	}

}
