package io.kubelet.cert.ssl.drain;

import java.net.InetAddress;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;
import javax.net.ssl.SSLSocket;

import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.rsocket.DuplexConnection;
import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.core.RSocketConnector;
import io.rsocket.plugins.DuplexConnectionInterceptor;
import io.rsocket.transport.ClientTransport;
import io.rsocket.transport.netty.client.TcpClientTransport;
import io.rsocket.transport.netty.client.WebsocketClientTransport;
import io.rsocket.util.DefaultPayload;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.client.HttpClient;
import reactor.netty.tcp.TcpClient;

import org.springframework.boot.rsocket.netty.NettyRSocketServer;
import org.springframework.boot.rsocket.netty.NettyRSocketServerFactory;
import org.springframework.boot.rsocket.server.RSocketServer.Transport;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.web.server.Ssl;
import org.springframework.context.annotation.Configuration;
import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Spring Boot's RSocket server, which demands client certificates.
 */
class RsocketRotationTests {

	/** The serial numbers of the clients' certificates, by connection. */
	private final List<String> seen = new CopyOnWriteArrayList<>();

	@Test
	void newConnectionSeesAndPresentsTheCurrentCertificate(@TempDir Path directory) throws Exception {
		try (RotatingApplication application = new RotatingApplication(directory, None.class)) {
			List<NettyRSocketServer> servers = new ArrayList<>();
			List<ClientTransport> clients = new ArrayList<>();
			List<RSocket> existing = new ArrayList<>();
			for (Transport transport : Transport.values()) {
				NettyRSocketServer server = start(application, transport);
				servers.add(server);
				clients.add(client(application, transport, port(server)));
				existing.add(connect(clients.get(transport.ordinal())));
			}
			String first = application.serial("client");
			List<String> presented = new ArrayList<>();
			SSLContext other = clientThatResumes(application);
			int calls = RotatingApplication
				.rotationsUnderLoad(() -> existing.stream().map(RsocketRotationTests::answer).toList(), () -> {
					String serial = application.rotate("server");
					String client = application.rotate("client");
					for (Transport transport : Transport.values()) {
						int port = port(servers.get(transport.ordinal()));
						assertThat(serverOf(other, port)).isEqualTo(serial);
						assertThat(serverOf(other, port)).isEqualTo(serial);
						RSocket another = connect(clients.get(transport.ordinal()));
						assertThat(answer(another)).isEqualTo("answer");
						another.dispose();
						presented.add(client);
					}
				});
			assertThat(calls).isPositive();
			assertThat(this.seen).startsWith(first, first)
				.filteredOn((serial) -> !serial.equals(first))
				.isEqualTo(presented);
			assertThat(presented.stream().distinct()).hasSize(RotatingApplication.ROTATIONS);
			existing.forEach(RSocket::dispose);
			servers.forEach(NettyRSocketServer::stop);
		}
	}

	private static int port(NettyRSocketServer server) {
		return Objects.requireNonNull(server.address()).getPort();
	}

	private NettyRSocketServer start(RotatingApplication application, Transport transport) throws Exception {
		NettyRSocketServerFactory factory = new NettyRSocketServerFactory();
		factory.setAddress(InetAddress.getLoopbackAddress());
		factory.setPort(0);
		factory.setTransport(transport);
		Ssl ssl = Ssl.forBundle("server");
		ssl.setClientAuth(Ssl.ClientAuth.NEED);
		factory.setSsl(ssl);
		factory.setSslBundles(application.bean(SslBundles.class));
		factory.addRSocketServerCustomizers((server) -> server.interceptors((registry) -> registry.forConnection((type,
				connection) -> (type == DuplexConnectionInterceptor.Type.SOURCE) ? look(connection) : connection)));
		NettyRSocketServer server = factory
			.create(SocketAcceptor.forRequestResponse((payload) -> Mono.just(DefaultPayload.create("answer"))));
		server.start();
		return server;
	}

	/** RSocket does not give access to the connection under its own. */
	private DuplexConnection look(DuplexConnection connection) {
		Connection netty = (Connection) Objects.requireNonNull(ReflectionTestUtils.getField(connection, "connection"));
		try {
			SSLSession session = netty.channel().pipeline().get(SslHandler.class).engine().getSession();
			this.seen.add(((X509Certificate) session.getPeerCertificates()[0]).getSerialNumber().toString(16));
		}
		catch (SSLPeerUnverifiedException ex) {
			this.seen.add("none");
		}
		return connection;
	}

	private static RSocket connect(ClientTransport client) {
		return Objects.requireNonNull(RSocketConnector.create().connect(client).block());
	}

	private static @Nullable String answer(RSocket requests) {
		return requests.requestResponse(DefaultPayload.create("")).map(Payload::getDataUtf8).block();
	}

	private static ClientTransport client(RotatingApplication application, Transport transport, int port)
			throws Exception {
		var managers = application.bundle("client").getManagers();
		SslContext context = SslContextBuilder.forClient()
			.keyManager(managers.getKeyManagerFactory())
			.trustManager(managers.getTrustManagerFactory())
			.build();
		return (transport == Transport.TCP)
				? TcpClientTransport
					.create(TcpClient.create().host("localhost").port(port).secure((spec) -> spec.sslContext(context)))
				: WebsocketClientTransport.create(
						HttpClient.create().host("localhost").port(port).secure((spec) -> spec.sslContext(context)),
						"/");
	}

	/** A client that is not ours offers to resume its sessions. */
	private static SSLContext clientThatResumes(RotatingApplication application) {
		SslBundle bundle = application.bundle("client");
		return SslBundle.of(bundle.getStores(), bundle.getKey()).createSslContext();
	}

	/** The serial number of the certificate that a new connection sees. */
	private static String serverOf(SSLContext context, int port) throws Exception {
		try (SSLSocket socket = (SSLSocket) context.getSocketFactory().createSocket("localhost", port)) {
			socket.setEnabledProtocols(new String[] { "TLSv1.2" });
			socket.startHandshake();
			return ((X509Certificate) socket.getSession().getPeerCertificates()[0]).getSerialNumber().toString(16);
		}
	}

	@Configuration(proxyBeanMethods = false)
	static class None {

	}

}
