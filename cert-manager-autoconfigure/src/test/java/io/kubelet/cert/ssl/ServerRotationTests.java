package io.kubelet.cert.ssl;

import java.io.UncheckedIOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.event.CertificateRotatedEvent;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.condition.EnabledForJreRange;
import org.junit.jupiter.api.condition.JRE;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.event.EventListener;
import org.springframework.core.env.Environment;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Web servers whose certificate rotates.
 */
@ExtendWith(OutputCaptureExtension.class)
class ServerRotationTests {

	@AutoClose
	private static final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	@TempDir
	Path directory;

	/**
	 * Each server logs what it loads: Jetty and Tomcat the certificate, Netty the update.
	 * The name of the pair has a capital, and the key store an alias in lower case.
	 */
	@ParameterizedTest
	@EnumSource
	void rotationReloadsNoServer(Kind kind, CapturedOutput output) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "kubelet.cert.pair-name=Server",
				"server.ssl.bundle=Server",
				"logging.level.org.springframework.boot.reactor.netty.SslServerCustomizer=debug")) {
			assertThat(served(server, null)).isEqualTo(server.current("Server"));
			long atStart = loads(output);
			for (int rotation = 0; rotation < 3; rotation++) {
				X509Certificate rotated = server.rotate("Server");
				assertThat(served(server, null)).isEqualTo(rotated);
			}
			assertThat(loads(output) - atStart).isZero();
		}
	}

	private static long loads(CapturedOutput output) {
		return output.toString()
			.lines()
			.filter((line) -> Stream.of("configured from keystore", " x509=", "reloading SSL configuration")
				.anyMatch(line::contains))
			.count();
	}

	/** What a listener does with the event, such as a check of the server, holds. */
	@ParameterizedTest
	@EnumSource
	void listenerOfTheEventFindsTheServerUpdated(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, Listening.class, plane, this.directory)) {
			for (int rotation = 0; rotation < 2; rotation++) {
				X509Certificate rotated = server.rotate("server");
				Map<X509Certificate, X509Certificate> served = server.context().getBean(Listening.class).served;
				Awaitility.await().untilAsserted(() -> assertThat(served).containsKey(rotated));
				assertThat(served).containsEntry(rotated, rotated);
			}
		}
	}

	/**
	 * A server that is made of the managers, such as Netty, resumes none with a ticket.
	 */
	@ParameterizedTest
	@CsvSource({ "TOMCAT, TLSv1.3", "TOMCAT, TLSv1.2", "JETTY, TLSv1.3", "JETTY, TLSv1.2" })
	void sessionIsResumedUntilARotation(Kind kind, String protocol) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory)) {
			SSLContext client = Connection.context(plane, null, protocol);
			long first = sessionCreated(client, server);
			assertThat(sessionCreated(client, server)).isEqualTo(first);
			X509Certificate rotated = server.rotate("server");
			long second = sessionCreated(client, server);
			assertThat(second).isNotEqualTo(first);
			assertThat(sessionCreated(client, server)).isEqualTo(second);
			try (Connection connection = new Connection(client, server.port(), null)) {
				assertThat(connection.serverCertificate()).isEqualTo(rotated);
			}
		}
	}

	private static long sessionCreated(SSLContext client, RotatingServer server) {
		try (Connection connection = new Connection(client, server.port(), null)) {
			connection.get();
			return connection.sessionCreated();
		}
	}

	@ParameterizedTest
	@EnumSource
	void connectionOfBeforeTheRotationIsServedAndAskedToClose(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory);
				Connection old = connect(server, null);
				Connection busy = connect(server, null)) {
			old.get();
			assertThat(old.isKeptAlive()).isTrue();
			busy.send("/held");
			CompletableFuture<@Nullable Void> held = server.held();
			X509Certificate rotated = server.rotate("server");
			assertThat(served(server, null)).isEqualTo(rotated);
			held.complete(null);
			assertThat(busy.answer()).isEqualTo("none");
			assertThat(old.get()).isEqualTo("none");
			assertThat(old.isKeptAlive()).isFalse();
			try (Connection connection = connect(server, null)) {
				connection.get();
				connection.get();
				assertThat(connection.isKeptAlive()).isTrue();
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void requestThatIsUnderWayIsCutAtTheEndOfTheDrain(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "kubelet.cert.ssl.drain=0s");
				Connection idle = connect(server, null);
				Connection busy = connect(server, null)) {
			idle.get();
			busy.send("/held");
			CompletableFuture<@Nullable Void> held = server.held();
			server.rotate("server");
			Awaitility.await().until(() -> idle.isClosedByServer() && busy.isClosedByServer());
			held.complete(null);
			assertThat(served(server, null)).isEqualTo(server.current("server"));
		}
	}

	@ParameterizedTest
	@EnumSource
	void http2ConnectionOfBeforeTheRotationTakesNoFurtherRequest(Kind kind) throws Exception {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "server.http2.enabled=true")) {
			HttpClient client = HttpClient.newBuilder().sslContext(Connection.context(plane, null)).build();
			X509Certificate first = server.current("server");
			assertThat(servedByHttp2(client, server)).isEqualTo(first).isEqualTo(servedByHttp2(client, server));
			X509Certificate rotated = server.rotate("server");
			Awaitility.await().until(() -> servedByHttp2(client, server).equals(rotated));
		}
	}

	@ParameterizedTest
	@EnumSource
	void managementServerOnAPortOfItsOwnFollowsTheRotation(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "management.server.port=0",
				"management.server.ssl.bundle=server", "kubelet.cert.ssl.drain=0s")) {
			int port = server.context().getEnvironment().getRequiredProperty("local.management.port", Integer.class);
			try (Connection old = new Connection(Connection.context(plane, null), port, null)) {
				assertThat(old.serverCertificate()).isEqualTo(server.current("server"));
				X509Certificate rotated = server.rotate("server");
				Awaitility.await().until(() -> served(port, null).equals(rotated));
				Awaitility.await().until(old::isClosedByServer);
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	void mutualTlsTakesClientsOfTheClusterAndNoOthers(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "server.ssl.client-auth=need")) {
			CertificatePair client = server.context()
				.getBean(CertificateManagers.class)
				.get("client")
				.current()
				.orElseThrow();
			server.rotate("server");
			try (Connection connection = new Connection(Connection.context(plane, client), server.port(), null)) {
				assertThat(connection.get()).isEqualTo(client.leaf().getSerialNumber().toString(16));
			}
			assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> {
				try (Connection connection = connect(server, null)) {
					connection.get();
				}
			});
		}
	}

	/** All that Ed25519 needs of a server and of a client, with both versions of TLS. */
	@ParameterizedTest
	@EnumSource
	void keysMayBeEd25519(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "server.ssl.client-auth=need",
				"kubelet.cert.key.algorithm=ed25519")) {
			SslBundle live = server.context().getBean(SslBundles.class).getBundle("client");
			for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
				X509Certificate rotated = server.rotate("server");
				X509Certificate client = server.rotate("client");
				SSLContext context = SslBundle.of(live.getStores(), live.getKey(), live.getOptions(), protocol)
					.createSslContext();
				for (SSLContext presenting : List.of(context, live.createSslContext())) {
					try (Connection connection = new Connection(presenting, server.port(), null)) {
						assertThat(connection.get()).isEqualTo(client.getSerialNumber().toString(16));
						assertThat(connection.serverCertificate()).isEqualTo(rotated);
						assertThat(List.of(rotated, client)).extracting((leaf) -> leaf.getPublicKey().getAlgorithm())
							.containsOnly("EdDSA");
					}
				}
			}
		}
	}

	@ParameterizedTest
	@EnumSource
	@EnabledForJreRange(min = JRE.JAVA_21)
	void applicationMayUseVirtualThreads(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, Listening.class, plane, this.directory,
				"spring.threads.virtual.enabled=true", "kubelet.cert.ssl.drain=0s");
				Connection old = connect(server, null)) {
			old.get();
			X509Certificate rotated = server.rotate("server");
			assertThat(served(server, null)).isEqualTo(rotated);
			Awaitility.await().until(old::isClosedByServer);
			Listening listening = server.context().getBean(Listening.class);
			Awaitility.await().untilAsserted(() -> assertThat(listening.served).containsEntry(rotated, rotated));
			assertThat(listening.threadGroups).containsOnly("VirtualThreads");
		}
	}

	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "NETTY" })
	void eachServerNameHasItsOwnCertificate(Kind kind) {
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory,
				"kubelet.cert.additional.two.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.two.template.common-name=system:node:two",
				"kubelet.cert.additional.two.template.organizations=system:nodes",
				"kubelet.cert.additional.two.template.dns-names=two.test",
				"server.ssl.server-name-bundles[0].server-name=two.test",
				"server.ssl.server-name-bundles[0].bundle=two")) {
			assertThat(served(server, "one.test")).isEqualTo(server.current("server"));
			assertThat(served(server, "two.test")).isEqualTo(server.current("two"));
			X509Certificate one = server.current("server");
			X509Certificate two = server.rotate("two");
			Awaitility.await().until(() -> served(server, "two.test").equals(two));
			assertThat(served(server, "one.test")).isEqualTo(one);
		}
	}

	private static X509Certificate servedByHttp2(HttpClient client, RotatingServer server) throws Exception {
		HttpResponse<String> response = client.send(HttpRequest.newBuilder(server.uri()).build(),
				BodyHandlers.ofString());
		assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
		assertThat(response.statusCode()).isEqualTo(200);
		return (X509Certificate) response.sslSession().orElseThrow().getPeerCertificates()[0];
	}

	/** A certificate that somebody else sees to is none of our business. */
	@ParameterizedTest
	@EnumSource(names = { "TOMCAT", "NETTY" })
	void connectionWithACertificateThatDoesNotRotateIsLeftAlone(Kind kind) throws Exception {
		TestAuthority authority = new TestAuthority("static");
		Path pem = Files.writeString(this.directory.resolve("static.pem"),
				Pem.write(authority.pair(CertificateTemplate.ofSubject("static").withDnsNames(List.of("two.test")),
						Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600))));
		SSLContext context = SslBundle
			.of(SslStoreBundle.of(null, null, Trust.exactly(List.of(authority.certificate())).store()))
			.createSslContext();
		try (RotatingServer server = new RotatingServer(kind, plane, this.directory, "kubelet.cert.ssl.drain=0s",
				"spring.ssl.bundle.pem.static.keystore.certificate=" + pem,
				"spring.ssl.bundle.pem.static.keystore.private-key=" + pem,
				"server.ssl.server-name-bundles[0].server-name=two.test",
				"server.ssl.server-name-bundles[0].bundle=static");
				Connection old = connect(server, "one.test");
				Connection fixed = new Connection(context, server.port(), "two.test")) {
			fixed.get();
			server.rotate("server");
			Awaitility.await().until(old::isClosedByServer);
			fixed.get();
			assertThat(fixed.isKeptAlive()).isTrue();
		}
	}

	private static Connection connect(RotatingServer server, @Nullable String serverName) {
		return new Connection(Connection.context(plane, null), server.port(), serverName);
	}

	private static X509Certificate served(RotatingServer server, @Nullable String serverName) {
		return served(server.port(), serverName);
	}

	private static X509Certificate served(int port, @Nullable String serverName) {
		try (Connection connection = new Connection(Connection.context(plane, null), port, serverName)) {
			return connection.serverCertificate();
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class Listening {

		/** By the certificate of each event, that of the server meanwhile. */
		final Map<X509Certificate, X509Certificate> served = new ConcurrentHashMap<>();

		final Set<String> threadGroups = ConcurrentHashMap.newKeySet();

		private final Environment environment;

		Listening(Environment environment) {
			this.environment = environment;
		}

		@EventListener(condition = "#event.name == 'server'")
		void rotated(CertificateRotatedEvent event) {
			this.threadGroups.add(Thread.currentThread().getThreadGroup().getName());
			int port = this.environment.getRequiredProperty("local.server.port", Integer.class);
			this.served.put(event.getCertificate(), ServerRotationTests.served(port, null));
		}

	}

}
