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
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Connections of clients whose authority is no longer trusted.
 */
class AuthorityRemovalTests {

	@AutoClose
	private static final EmbeddedControlPlane plane = EmbeddedControlPlane.start();

	private final TestAuthority removed = new TestAuthority("removed");

	private final TestAuthority remaining = new TestAuthority("remaining");

	@TempDir
	Path directory;

	@ParameterizedTest
	@EnumSource
	void connectionsOfItsClientsAreClosedAtTheEndOfTheDrain(Kind kind) throws Exception {
		List<Connection> ended = new ArrayList<>();
		List<Connection> others = new ArrayList<>();
		try (RotatingServer server = start(kind, "kubelet.cert.ssl.drain=0s")) {
			for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
				ended.add(connect(server, this.removed, protocol));
				others.add(connect(server, this.remaining, protocol));
			}
			HttpClient client = http2(this.removed);
			HttpClient other = http2(this.remaining);
			get(client, server);
			get(other, server);
			trust(this.remaining);
			await().until(() -> ended.stream().allMatch(Connection::isClosedByServer));
			await().until(() -> isRefused(client, server));
			others.forEach(Connection::get);
			get(other, server);
		}
		Stream.concat(ended.stream(), others.stream()).forEach(Connection::close);
	}

	@ParameterizedTest
	@EnumSource
	void connectionsOfItsClientsAreAskedToClose(Kind kind) throws Exception {
		try (RotatingServer server = start(kind, "kubelet.cert.ssl.drain=10m");
				Connection ended = connect(server, this.removed, "TLSv1.3");
				Connection other = connect(server, this.remaining, "TLSv1.3")) {
			HttpClient client = http2(this.removed);
			get(client, server);
			trust(this.remaining);
			await().until(() -> {
				ended.get();
				return !ended.isKeptAlive();
			});
			await().until(() -> isRefused(client, server));
			other.get();
			assertThat(other.isKeptAlive()).isTrue();
		}
	}

	@ParameterizedTest
	@EnumSource
	void handshakesThatBeganBeforeAreRefusedOrClosedAtTheEndOfTheDrain(Kind kind) throws Exception {
		SSLContext client = Connection.context(plane, client(this.removed), "TLSv1.2");
		SSLContext other = Connection.context(plane, client(this.remaining), "TLSv1.2");
		try (RotatingServer server = start(kind, "kubelet.cert.ssl.drain=0s");
				Connection established = connect(server, this.removed, "TLSv1.2");
				HeldHandshake unchecked = HeldHandshake.beforeCertificate(client, server.port());
				HeldHandshake checked = HeldHandshake.beforeFinished(client, server.port())) {
			trust(this.remaining);
			await().until(established::isClosedByServer);
			try (HeldHandshake later = HeldHandshake.beforeFinished(other, server.port())) {
				assertThatIOException().isThrownBy(unchecked::finish);
				await().atMost(Duration.ofSeconds(5)).until(checked::isClosedByServer);
				later.finish();
			}
		}
	}

	private RotatingServer start(Kind kind, String property) throws IOException {
		trust(this.removed, this.remaining);
		return new RotatingServer(kind, HastyTrust.class, plane, this.directory, property, "server.http2.enabled=true",
				"server.ssl.client-auth=need", "kubelet.cert.ssl.trust-file=" + this.directory.resolve("ca.crt"),
				"kubelet.cert.ssl.trust-overlap=0s");
	}

	private void trust(TestAuthority... authorities) throws IOException {
		List<X509Certificate> certificates = Stream.of(authorities).map(TestAuthority::certificate).toList();
		Path next = Files.writeString(this.directory.resolve("next.crt"), Pem.write(certificates));
		Files.move(next, this.directory.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
	}

	private static Connection connect(RotatingServer server, TestAuthority authority, String protocol) {
		Connection connection = new Connection(Connection.context(plane, client(authority), protocol), server.port(),
				null);
		connection.get();
		assertThat(connection.isKeptAlive()).isTrue();
		return connection;
	}

	private static HttpClient http2(TestAuthority authority) {
		return HttpClient.newBuilder().sslContext(Connection.context(plane, client(authority))).build();
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
