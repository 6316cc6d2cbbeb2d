package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.ssl.SslBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The servers that a client has seen, in real handshakes.
 *
 * @see PeerConnections
 * @see LiveSocketFactory
 */
class ServersSeenTests {

	private static final TestAuthority authority = new TestAuthority("one");

	private static RotatingApplication application;

	@BeforeAll
	static void start(@TempDir Path directory) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		application = new RotatingApplication("kubelet.cert.additional.client.ssl.trust-file=" + trusted,
				"kubelet.cert.additional.client.ssl.accepted-servers.uris=spiffe://example.org/*");
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	/** The second one resumes the session of the first one. */
	@ParameterizedTest
	@EnumSource
	void handshakesOfAServerAreCounted(Client client) throws Exception {
		String uri = "spiffe://example.org/" + client;
		try (StandInServer server = new StandInServer(StandInServer::http).start(authority.svid(uri),
				Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())))) {
			client.twice.connect(application.bundle("client"), server.uri());
		}
		LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(application.bundle("client")));
		assertThat(bundle.seenPeers()).filteredOn((peer) -> peer.identity().equals(uri))
			.allSatisfy((peer) -> assertThat(peer.role()).isEqualTo(PeerRole.SERVER))
			.extracting(SeenPeer::handshakes)
			.containsExactly(client.counted);
	}

	private static void connect(SSLSocketFactory factory, URI server) throws IOException {
		try (SSLSocket socket = (SSLSocket) factory.createSocket("localhost", server.getPort())) {
			socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
			assertThat(socket.getInputStream().read()).isEqualTo('H');
		}
	}

	enum Client {

		SOCKET(2, (bundle, server) -> {
			SSLSocketFactory factory = bundle.createSslContext().getSocketFactory();
			connect(factory, server);
			connect(factory, server);
		}),

		ENGINE(2, (bundle, server) -> {
			SSLContext context = bundle.createSslContext();
			for (int connection = 0; connection < 2; connection++) {
				HttpClient.newBuilder()
					.sslContext(context)
					.build()
					.send(HttpRequest.newBuilder(server).build(), BodyHandlers.discarding());
			}
		}),

		/** As with Netty, whose contexts are its own, the second one is not noticed. */
		MANAGERS(1, (bundle, server) -> {
			SSLSocketFactory factory = LiveSslContext
				.create("TLS", bundle.getManagers().getKeyManagers()[0], bundle.getManagers().getTrustManagers()[0])
				.getSocketFactory();
			connect(factory, server);
			connect(factory, server);
		});

		private final long counted;

		private final Twice twice;

		Client(long counted, Twice twice) {
			this.counted = counted;
			this.twice = twice;
		}

		private interface Twice {

			void connect(SslBundle bundle, URI server) throws Exception;

		}

	}

}
