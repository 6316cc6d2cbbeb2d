package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundleKey;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * The clients that a server has seen, in real handshakes.
 *
 * @see PeerConnections
 * @see LiveSslContext
 */
@ParameterizedClass
@EnumSource
class ClientsSeenTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/";

	private static final TestAuthority authority = new TestAuthority("one");

	private static RotatingServer server;

	ClientsSeenTests(Kind kind) {
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind, @TempDir Path directory) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		server = new RotatingServer(kind, "server.ssl.client-auth=want", "kubelet.cert.ssl.trust-file=" + trusted,
				"kubelet.cert.ssl.accepted-clients.uris=" + SHOP + "*");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		server.close();
	}

	/** Netty resumes none. */
	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void handshakesOfAClientAreCountedAlsoIfTheyResumeASession(String protocol) throws Exception {
		CertificatePair pair = authority.svid(SHOP + protocol);
		SSLContext client = context(pair, protocol);
		Instant before = Instant.now();
		connect(client).close();
		try (Connection second = connect(client)) {
			SeenPeer peer = seen(protocol).findFirst().orElseThrow();
			assertThat(peer.role()).isEqualTo(PeerRole.CLIENT);
			assertThat(peer.authority().subject()).isEqualTo("CN=one");
			assertThat(peer.notAfter()).isEqualTo(pair.notAfter());
			assertThat(peer.handshakes()).isEqualTo(2);
			assertThat(peer.firstSeen()).isBetween(before, peer.lastSeen());
			assertThat(peer.lastSeen()).isBeforeOrEqualTo(Instant.now());
			second.get();
			await().until(() -> seen(protocol).mapToInt(SeenPeer::connections).sum() == 1);
		}
		await().until(() -> seen(protocol).mapToInt(SeenPeer::connections).sum() == 0);
		assertThat(seen(protocol)).extracting(SeenPeer::handshakes).containsExactly(2L);
	}

	/** One lacks the key of its certificate, one is not accepted, one has none. */
	@ParameterizedTest
	@ValueSource(strings = { "TLSv1.3", "TLSv1.2" })
	void clientWithoutACompleteHandshakeIsNotSeen(String protocol) throws Exception {
		assertThat(isRefused(withoutKey(authority.svid(SHOP + "borrowed").leaf(), protocol))).isTrue();
		assertThat(isRefused(context(authority.svid(SHOP + "not/accepted"), protocol))).isTrue();
		connect(Connection.context(null, protocol)).close();
		assertThat(seen("borrowed")).isEmpty();
		assertThat(seen("not/accepted")).isEmpty();
		assertThat(seen("")).isEmpty();
	}

	private static Stream<SeenPeer> seen(String name) {
		return Objects.requireNonNull(LiveSslBundle.of(server.bundle("server")))
			.seenPeers()
			.stream()
			.filter((peer) -> peer.identity().equals(SHOP + name)
					|| name.isEmpty() && !peer.identity().startsWith(SHOP));
	}

	private static SSLContext context(CertificatePair pair, String protocol) {
		return InsistentKeyManager.context(pair, Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())),
				protocol);
	}

	private static SSLContext withoutKey(X509Certificate leaf, String protocol) throws Exception {
		KeyStore keys = KeyStore.getInstance("PKCS12");
		keys.load(null, null);
		keys.setKeyEntry("borrowed", authority.pair("another").privateKey(), new char[0],
				new X509Certificate[] { leaf });
		KeyStore trusted = Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())).store();
		return SslBundle.of(SslStoreBundle.of(keys, "", trusted), SslBundleKey.NONE, SslOptions.NONE, protocol)
			.createSslContext();
	}

	private static Connection connect(SSLContext client) throws IOException {
		Connection connection = new Connection(client, server.port(), null);
		connection.get();
		return connection;
	}

	private static boolean isRefused(SSLContext client) throws IOException {
		try {
			connect(client).close();
			return false;
		}
		catch (SSLException | SocketException ex) {
			return true;
		}
	}

}
