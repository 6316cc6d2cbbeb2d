package io.kubelet.cert.ssl.drain;

import java.net.InetAddress;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Objects;

import javax.net.ssl.SSLSession;

import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.testsupport.Load;
import io.netty.handler.ssl.SslContext;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import io.rsocket.Payload;
import io.rsocket.RSocket;
import io.rsocket.SocketAcceptor;
import io.rsocket.core.RSocketConnector;
import io.rsocket.transport.ClientTransport;
import io.rsocket.transport.netty.client.TcpClientTransport;
import io.rsocket.transport.netty.client.WebsocketClientTransport;
import io.rsocket.util.DefaultPayload;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import reactor.core.publisher.Mono;
import reactor.netty.Connection;
import reactor.netty.http.client.HttpClient;
import reactor.netty.tcp.TcpClient;

import org.springframework.boot.rsocket.netty.NettyRSocketServer;
import org.springframework.boot.rsocket.netty.NettyRSocketServerFactory;
import org.springframework.boot.rsocket.server.RSocketServer.Transport;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.web.server.Ssl;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Spring Boot's RSocket server, which demands client certificates.
 *
 * @see io.kubelet.cert.ssl.LiveSslBundle
 */
class RsocketRotationTests {

	/** Of the last connection of a client. */
	private volatile @Nullable SSLSession session;

	@Test
	void newConnectionSeesAndPresentsTheCurrentCertificate() throws Exception {
		try (RotatingApplication application = new RotatingApplication()) {
			Ssl ssl = Ssl.forBundle("server");
			ssl.setClientAuth(Ssl.ClientAuth.NEED);
			for (Transport transport : Transport.values()) {
				NettyRSocketServer server = start(application.bean(SslBundles.class), ssl, transport);
				ClientTransport client = client(application, transport,
						Objects.requireNonNull(server.address()).getPort());
				RSocket existing = connect(client);
				Load.during(2, () -> answer(existing), () -> {
					application.rotate("server");
					application.rotate("client");
					RSocket another = connect(client);
					assertThat(answer(another)).isEqualTo("answer");
					another.dispose();
					SSLSession session = Objects.requireNonNull(this.session);
					assertThat(serial(session.getLocalCertificates())).isEqualTo(application.serial("client"));
					assertThat(serial(session.getPeerCertificates())).isEqualTo(application.serial("server"));
				});
				existing.dispose();
				server.stop();
			}
		}
	}

	static NettyRSocketServer start(SslBundles bundles, Ssl ssl, Transport transport) {
		NettyRSocketServerFactory factory = new NettyRSocketServerFactory();
		factory.setAddress(InetAddress.getLoopbackAddress());
		factory.setPort(0);
		factory.setTransport(transport);
		factory.setSsl(ssl);
		factory.setSslBundles(bundles);
		NettyRSocketServer server = factory
			.create(SocketAcceptor.forRequestResponse((payload) -> Mono.just(DefaultPayload.create("answer"))));
		server.start();
		return server;
	}

	private ClientTransport client(RotatingApplication application, Transport transport, int port) throws Exception {
		SslManagerBundle managers = application.bundle("client").getManagers();
		SslContext context = SslContextBuilder.forClient()
			.keyManager(managers.getKeyManagerFactory())
			.trustManager(managers.getTrustManagerFactory())
			.build();
		return (transport == Transport.TCP)
				? TcpClientTransport.create(TcpClient.create()
					.host("localhost")
					.port(port)
					.secure((spec) -> spec.sslContext(context))
					.doOnConnected(this::connected))
				: WebsocketClientTransport.create(HttpClient.create()
					.host("localhost")
					.port(port)
					.secure((spec) -> spec.sslContext(context))
					.doOnConnected(this::connected), "/");
	}

	private void connected(Connection connection) {
		this.session = connection.channel().pipeline().get(SslHandler.class).engine().getSession();
	}

	private static String serial(Certificate[] chain) {
		return RotatingApplication.serial((X509Certificate) chain[0]);
	}

	private static RSocket connect(ClientTransport client) {
		return Objects.requireNonNull(RSocketConnector.create().connect(client).block());
	}

	private static @Nullable String answer(RSocket requests) {
		return requests.requestResponse(DefaultPayload.create("")).map(Payload::getDataUtf8).block();
	}

}
