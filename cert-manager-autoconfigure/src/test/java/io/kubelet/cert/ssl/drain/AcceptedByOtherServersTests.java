package io.kubelet.cert.ssl.drain;

import java.io.IOException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.SSLException;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import io.grpc.Server;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.peers.PeerRole;
import io.kubelet.cert.certificate.peers.RefusalReason;
import io.kubelet.cert.certificate.peers.RefusedPeers;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.InsistentKeyManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.ssl.RotatingApplication;

import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.rsocket.netty.NettyRSocketServer;
import org.springframework.boot.rsocket.server.RSocketServer.Transport;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.web.server.Ssl;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ShadedNettyGrpcServerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Servers of gRPC (also with OpenSSL) and RSocket, and server sockets, that accept
 * certain clients.
 *
 * @see io.kubelet.cert.autoconfigure.ssl.CheckedPeers
 */
class AcceptedByOtherServersTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final TestAuthority authority = new TestAuthority("clients");

	private static final List<Runnable> ends = new ArrayList<>();

	private static RotatingApplication application;

	@BeforeAll
	static void start(@TempDir Path directory) throws IOException {
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		application = new RotatingApplication("kubelet.cert.ssl.trust-file=" + trusted,
				"kubelet.cert.ssl.accepted-clients.uris=" + SHOP,
				"kubelet.cert.ssl.accepted-clients.dns-names=shop.shop.svc");
	}

	@AfterAll
	static void stop() {
		ends.forEach(Runnable::run);
		application.close();
	}

	@ParameterizedTest
	@EnumSource
	void certificateIsAcceptedByOneOfItsNames(Kind kind) throws Exception {
		RefusedPeers refused = Objects.requireNonNull(LiveSslBundle.of(application.bundle("server"))).peers().refused();
		long missing = refused.count(PeerRole.CLIENT, RefusalReason.MISSING);
		int port = kind.start();
		for (String protocol : List.of("TLSv1.2", "TLSv1.3")) {
			assertThat(isAccepted(authority.svid(SHOP), protocol, port)).as("URI accepted").isTrue();
			assertThat(isAccepted(authority.pair("any", "shop.shop.svc"), protocol, port)).as("DNS name accepted")
				.isTrue();
			assertThat(isRefused(authority.svid(SHOP + "2"), protocol, port)).as("URI not accepted").isTrue();
			assertThat(isRefused(authority.pair("shop.shop.svc"), protocol, port)).as("common name").isTrue();
			assertThat(isRefused(new TestAuthority("other").svid(SHOP), protocol, port)).as("of another authority")
				.isTrue();
			assertThat(isRefused(
					authority.pair(new X500Name(""), List.of(uri(SHOP), uri(SHOP)), false, KeyUsage.digitalSignature),
					protocol, port))
				.as("two URIs")
				.isTrue();
			assertThat(isRefused(null, protocol, port)).as("no certificate").isTrue();
		}
		// OpenSSL does not say afterwards why a connection broke
		long counted = missing + ((kind == Kind.GRPC_SHADED) ? 0 : 2);
		await()
			.untilAsserted(() -> assertThat(refused.count(PeerRole.CLIENT, RefusalReason.MISSING)).isEqualTo(counted));
	}

	private static GeneralName uri(String uri) {
		return new GeneralName(GeneralName.uniformResourceIdentifier, uri);
	}

	private static boolean isAccepted(@Nullable CertificatePair client, String protocol, int port) throws IOException {
		return isAccepted(client, protocol, port, 1000);
	}

	/** On a slow machine, the alert may come late. */
	private static boolean isRefused(@Nullable CertificatePair client, String protocol, int port) throws IOException {
		return !isAccepted(client, protocol, port, 60_000);
	}

	/** A server that accepts the client sends its settings, or waits for a request. */
	private static boolean isAccepted(@Nullable CertificatePair client, String protocol, int port, int timeout)
			throws IOException {
		Trust servers = Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem()));
		try (SSLSocket socket = (SSLSocket) InsistentKeyManager.context(client, servers, protocol)
			.getSocketFactory()
			.createSocket("localhost", port)) {
			SSLParameters parameters = socket.getSSLParameters();
			parameters.setApplicationProtocols(new String[] { "h2" });
			socket.setSSLParameters(parameters);
			socket.setSoTimeout(timeout);
			socket.startHandshake();
			// In TLS 1.3, the client's handshake ends before the server has verified it
			return protocol.equals("TLSv1.2") || socket.getInputStream().read() >= 0;
		}
		catch (SocketTimeoutException ex) {
			return true;
		}
		catch (SSLException | SocketException ex) {
			return false;
		}
	}

	/** A server that demands certificates. */
	enum Kind {

		GRPC {

			@Override
			int start() throws Exception {
				SslManagerBundle managers = application.bundle("server").getManagers();
				return start(new NettyGrpcServerFactory("localhost:0", List.of(), managers.getKeyManagerFactory(),
						managers.getTrustManagerFactory(), ClientAuth.REQUIRE));
			}

		},

		GRPC_SHADED {

			@Override
			int start() throws Exception {
				SslManagerBundle managers = application.bundle("server").getManagers();
				return start(new ShadedNettyGrpcServerFactory("localhost:0", List.of(), managers.getKeyManagerFactory(),
						managers.getTrustManagerFactory(), ClientAuth.REQUIRE));
			}

		},

		RSOCKET {

			@Override
			int start() {
				return start(Transport.TCP);
			}

		},

		RSOCKET_WEBSOCKET {

			@Override
			int start() {
				return start(Transport.WEBSOCKET);
			}

		},

		SERVER_SOCKET {

			@Override
			int start() throws Exception {
				SSLServerSocket listener = (SSLServerSocket) application.bundle("server")
					.createSslContext()
					.getServerSocketFactory()
					.createServerSocket(0);
				listener.setNeedClientAuth(true);
				Thread thread = new Thread(() -> serve(listener), "server-socket");
				thread.setDaemon(true);
				thread.start();
				return listener.getLocalPort();
			}

		};

		abstract int start() throws Exception;

		static int start(GrpcServerFactory factory) throws Exception {
			Server server = factory.createServer().start();
			ends.add(server::shutdownNow);
			return server.getPort();
		}

		static int start(Transport transport) {
			Ssl ssl = Ssl.forBundle("server");
			ssl.setClientAuth(Ssl.ClientAuth.NEED);
			NettyRSocketServer server = RsocketRotationTests.start(application.bean(SslBundles.class), ssl, transport);
			ends.add(server::stop);
			return Objects.requireNonNull(server.address()).getPort();
		}

		static void serve(SSLServerSocket listener) {
			while (true) {
				try (SSLSocket socket = (SSLSocket) listener.accept()) {
					socket.getOutputStream().write(1);
				}
				catch (IOException ex) {
					// The client was refused
				}
			}
		}

	}

}
