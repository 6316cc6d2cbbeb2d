package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Connections of clients whose authority is no longer trusted.
 */
@ParameterizedClass
@EnumSource
class AuthorityRemovalTests {

	private static final TestAuthority removed = new TestAuthority("removed");

	private static final TestAuthority remaining = new TestAuthority("remaining");

	@TempDir
	private static Path directory;

	/** Without a drain. */
	private static RotatingServer server;

	/** With a drain that does not end. */
	private static RotatingServer patient;

	AuthorityRemovalTests(Kind kind) {
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind) throws IOException {
		trust(removed, remaining);
		server = start(kind, "0s");
		patient = start(kind, "10m");
	}

	private static RotatingServer start(Kind kind, String drain) {
		return new RotatingServer(kind, HastyTrust.class, "kubelet.cert.ssl.drain=" + drain,
				"server.http2.enabled=true", "server.ssl.client-auth=need",
				"kubelet.cert.ssl.trust-file=" + directory.resolve("ca.crt"), "kubelet.cert.ssl.trust-overlap=0s");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		server.close();
		patient.close();
	}

	@BeforeEach
	void trustBoth() throws IOException {
		trust(removed, remaining);
		for (RotatingServer each : List.of(server, patient)) {
			LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(each.bundle("server")));
			await().until(() -> bundle.followed().trust().authorities().size() == 2);
		}
	}

	@Test
	void connectionsOfItsClientsAreClosedAtTheEndOfTheDrain() throws Exception {
		List<Connection> ended = new ArrayList<>();
		List<Connection> others = new ArrayList<>();
		for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
			ended.add(connect(server, removed, protocol));
			others.add(connect(server, remaining, protocol));
		}
		HttpClient client = http2(removed);
		HttpClient other = http2(remaining);
		get(client, server);
		get(other, server);
		trust(remaining);
		for (Connection connection : ended) {
			await().until(connection::isClosedByServer);
		}
		await().until(() -> isRefused(client, server));
		for (Connection connection : others) {
			connection.get();
			connection.close();
		}
		get(other, server);
	}

	@Test
	void connectionsOfItsClientsAreAskedToClose() throws Exception {
		try (Connection ended = connect(patient, removed, "TLSv1.3");
				Connection other = connect(patient, remaining, "TLSv1.3")) {
			HttpClient client = http2(removed);
			get(client, patient);
			trust(remaining);
			await().until(() -> {
				ended.get();
				return !ended.isKeptAlive();
			});
			await().until(() -> isRefused(client, patient));
			other.get();
			assertThat(other.isKeptAlive()).isTrue();
		}
	}

	@Test
	void handshakesThatBeganBeforeAreRefusedOrClosedAtTheEndOfTheDrain() throws Exception {
		SSLContext client = Connection.context(client(removed), "TLSv1.2");
		SSLContext other = Connection.context(client(remaining), "TLSv1.2");
		try (Connection established = connect(server, removed, "TLSv1.2");
				HeldHandshake unchecked = HeldHandshake.beforeCertificate(client, server.port());
				HeldHandshake checked = HeldHandshake.beforeFinished(client, server.port())) {
			trust(remaining);
			await().until(established::isClosedByServer);
			try (HeldHandshake later = HeldHandshake.beforeFinished(other, server.port())) {
				assertThatIOException().isThrownBy(unchecked::finish);
				await().atMost(Duration.ofSeconds(5)).until(checked::isClosedByServer);
				later.finish();
			}
		}
	}

	private static void trust(TestAuthority... authorities) throws IOException {
		List<X509Certificate> certificates = Stream.of(authorities).map(TestAuthority::certificate).toList();
		Path next = Files.writeString(directory.resolve("next.crt"), Pem.write(certificates));
		Files.move(next, directory.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
	}

	private static Connection connect(RotatingServer server, TestAuthority authority, String protocol)
			throws IOException {
		Connection connection = server.connect(client(authority), protocol);
		connection.get();
		assertThat(connection.isKeptAlive()).isTrue();
		return connection;
	}

	private static HttpClient http2(TestAuthority authority) {
		return HttpClient.newBuilder().sslContext(Connection.context(client(authority), "TLS")).build();
	}

	private static CertificatePair client(TestAuthority authority) {
		return authority.pair(CertificateTemplate.ofSubject("client"), Instant.now().minusSeconds(60),
				Instant.now().plusSeconds(3600));
	}

	private static void get(HttpClient client, RotatingServer server) throws Exception {
		var response = client.send(HttpRequest.newBuilder(server.uri()).build(), BodyHandlers.ofString());
		assertThat(response.version()).isEqualTo(HttpClient.Version.HTTP_2);
		assertThat(response.statusCode()).isEqualTo(200);
	}

	/** The existing connection takes no further request, and another is not accepted. */
	private static boolean isRefused(HttpClient client, RotatingServer server) throws Exception {
		try {
			get(client, server);
			return false;
		}
		catch (IOException ex) {
			return true;
		}
	}

	/** So that fewer requests are made than the 100 after which Tomcat closes. */
	private static ConditionFactory await() {
		return Awaitility.await().pollInterval(Duration.ofMillis(100));
	}

}
