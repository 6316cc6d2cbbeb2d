package io.kubelet.cert.ssl.drain;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Objects;
import java.util.stream.Stream;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.beans.factory.annotation.Value;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.ShadedNettyGrpcServerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A gRPC server that demands client certificates, and channels to it. The server answers
 * with the serial number of the client's certificate, and the channel tells the server's.
 */
@SuppressWarnings("try")
class GrpcRotationTests {

	private static final MethodDescriptor<String, String> SERIAL = MethodDescriptor.newBuilder(new Text(), new Text())
		.setType(MethodDescriptor.MethodType.UNARY)
		.setFullMethodName("test/serial")
		.build();

	@ParameterizedTest
	@EnumSource
	void channelAndServerFollowTheRotation(Transport transport, @TempDir Path directory) throws Exception {
		try (RotatingApplication application = start(transport, directory)) {
			ManagedChannel channel = application.bean(ManagedChannel.class);
			assertThat(call(channel)).isEqualTo(application.serial("client"));
			int calls = RotatingApplication.rotationsUnderLoad(() -> call(channel), () -> {
				String server = application.rotate("server");
				String client = application.rotate("client");
				await().untilAsserted(() -> assertThat(call(channel)).isEqualTo(client));
				assertThat(serverOf(channel)).isEqualTo(server);
			});
			assertThat(calls).isPositive();
		}
	}

	/** It is not a bean, so only the server replaces its connection. */
	@ParameterizedTest
	@EnumSource
	void serverEndsConnectionsOfBeforeTheRotation(Transport transport, @TempDir Path directory) throws Exception {
		try (RotatingApplication application = start(transport, directory)) {
			ManagedChannel channel = transport.channel(application.bean(SslBundles.class),
					application.bean(Server.class));
			String before = application.serial("server");
			assertThat(serverOf(channel)).isEqualTo(before);
			String after = application.rotate("server");
			await().untilAsserted(() -> assertThat(serverOf(channel)).isEqualTo(after).isNotEqualTo(before));
			channel.shutdownNow();
		}
	}

	private static RotatingApplication start(Transport transport, Path directory) {
		return new RotatingApplication(directory, Calls.class, "spring.grpc.server.ssl.bundle=server",
				"kubelet.cert.ssl.drain=1s", "transport=" + transport);
	}

	private static String call(ManagedChannel channel) {
		return ClientCalls.blockingUnaryCall(channel, SERIAL, CallOptions.DEFAULT, "");
	}

	/** The serial number of the server's certificate in the connection of a call. */
	private static String serverOf(ManagedChannel channel) throws Exception {
		ClientCall<String, String> call = channel.newCall(SERIAL, CallOptions.DEFAULT);
		ClientCalls.futureUnaryCall(call, "").get();
		return serial(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
	}

	private static String serial(@org.jspecify.annotations.Nullable SSLSession session)
			throws SSLPeerUnverifiedException {
		Certificate[] chain = Objects.requireNonNull(session).getPeerCertificates();
		return ((X509Certificate) chain[0]).getSerialNumber().toString(16);
	}

	/** Both have Netty below them. The shaded one has a copy of its own, with OpenSSL. */
	enum Transport {

		NETTY {

			@Override
			@SuppressWarnings("unchecked")
			GrpcServerFactory server(SslManagerBundle managers, Stream<ServerBuilderCustomizer<?>> customizers) {
				return new NettyGrpcServerFactory("localhost:0",
						customizers.map((customizer) -> (ServerBuilderCustomizer<NettyServerBuilder>) customizer)
							.toList(),
						managers.getKeyManagerFactory(), managers.getTrustManagerFactory(), ClientAuth.REQUIRE);
			}

			@Override
			ManagedChannelBuilder<?> channel(int port, ChannelCredentials credentials) {
				return NettyChannelBuilder.forAddress("localhost", port, credentials);
			}

		},

		SHADED {

			@Override
			@SuppressWarnings("unchecked")
			GrpcServerFactory server(SslManagerBundle managers, Stream<ServerBuilderCustomizer<?>> customizers) {
				return new ShadedNettyGrpcServerFactory("localhost:0", customizers.map((
						customizer) -> (ServerBuilderCustomizer<io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder>) customizer)
					.toList(), managers.getKeyManagerFactory(), managers.getTrustManagerFactory(), ClientAuth.REQUIRE);
			}

			@Override
			ManagedChannelBuilder<?> channel(int port, ChannelCredentials credentials) {
				return io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forAddress("localhost", port,
						credentials);
			}

		};

		/** As Spring Boot's auto-configuration creates it. */
		abstract GrpcServerFactory server(SslManagerBundle managers, Stream<ServerBuilderCustomizer<?>> customizers);

		abstract ManagedChannelBuilder<?> channel(int port, ChannelCredentials credentials);

		ManagedChannel channel(SslBundles bundles, Server server) {
			SslManagerBundle managers = bundles.getBundle("client").getManagers();
			return channel(server.getPort(),
					TlsChannelCredentials.newBuilder()
						.keyManager(managers.getKeyManagers())
						.trustManager(managers.getTrustManagers())
						.build())
				.build();
		}

	}

	@Configuration(proxyBeanMethods = false)
	static class Calls {

		@Bean(destroyMethod = "shutdownNow")
		Server server(SslBundles bundles, ObjectProvider<ServerBuilderCustomizer<?>> customizers,
				@Value("${transport}") Transport transport) throws IOException {
			GrpcServerFactory factory = transport.server(bundles.getBundle("server").getManagers(),
					customizers.orderedStream());
			factory.addService(ServerServiceDefinition.builder("test").addMethod(SERIAL, (call, headers) -> {
				call.request(1);
				return new Answer(call);
			}).build());
			return factory.createServer().start();
		}

		@Bean(destroyMethod = "shutdownNow")
		ManagedChannel channel(SslBundles bundles, Server server, @Value("${transport}") Transport transport) {
			return transport.channel(bundles, server);
		}

	}

	private static final class Answer extends ServerCall.Listener<String> {

		private final ServerCall<String, String> call;

		Answer(ServerCall<String, String> call) {
			this.call = call;
		}

		@Override
		public void onHalfClose() {
			try {
				String serial = serial(this.call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
				this.call.sendHeaders(new Metadata());
				this.call.sendMessage(serial);
				this.call.close(Status.OK, new Metadata());
			}
			catch (SSLPeerUnverifiedException ex) {
				this.call.close(Status.UNAUTHENTICATED, new Metadata());
			}
		}

	}

	private static final class Text implements MethodDescriptor.Marshaller<String> {

		@Override
		public InputStream stream(String value) {
			return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
		}

		@Override
		public String parse(InputStream stream) {
			try {
				return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
			}
			catch (IOException ex) {
				throw new IllegalStateException(ex);
			}
		}

	}

}
