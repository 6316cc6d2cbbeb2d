package io.kubelet.cert.ssl.drain;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Objects;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.netty.NettyServerBuilder;
import io.grpc.stub.ClientCalls;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.beans.factory.ObjectProvider;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;

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

	@Test
	void channelAndServerFollowTheRotation(@TempDir Path directory) throws Exception {
		try (RotatingApplication application = new RotatingApplication(directory, Calls.class,
				"spring.grpc.server.ssl.bundle=server", "kubelet.cert.ssl.drain=1s")) {
			ManagedChannel channel = application.bean(ManagedChannel.class);
			assertThat(call(channel)).isEqualTo(application.serial("client"));
			int calls = RotatingApplication.tenRotationsUnderLoad(() -> call(channel), () -> {
				String server = application.rotate("server");
				String client = application.rotate("client");
				await().untilAsserted(() -> assertThat(call(channel)).isEqualTo(client));
				assertThat(serverOf(channel)).isEqualTo(server);
			});
			assertThat(calls).isPositive();
		}
	}

	/** It is not a bean, so only the server replaces its connection. */
	@Test
	void serverEndsConnectionsOfBeforeTheRotation(@TempDir Path directory) throws Exception {
		try (RotatingApplication application = new RotatingApplication(directory, Calls.class,
				"spring.grpc.server.ssl.bundle=server", "kubelet.cert.ssl.drain=1s")) {
			ManagedChannel channel = channel(application.bean(SslBundles.class), application.bean(Server.class));
			String before = application.serial("server");
			assertThat(serverOf(channel)).isEqualTo(before);
			String after = application.rotate("server");
			await().untilAsserted(() -> assertThat(serverOf(channel)).isEqualTo(after).isNotEqualTo(before));
			channel.shutdownNow();
		}
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

	private static ManagedChannel channel(SslBundles bundles, Server server) {
		var managers = bundles.getBundle("client").getManagers();
		return NettyChannelBuilder
			.forAddress("localhost", server.getPort(),
					TlsChannelCredentials.newBuilder()
						.keyManager(managers.getKeyManagers())
						.trustManager(managers.getTrustManagers())
						.build())
			.build();
	}

	@Configuration(proxyBeanMethods = false)
	static class Calls {

		/** As Spring Boot's auto-configuration creates it. */
		@Bean(destroyMethod = "shutdownNow")
		@SuppressWarnings("unchecked")
		Server server(SslBundles bundles, ObjectProvider<ServerBuilderCustomizer<?>> customizers) throws IOException {
			var managers = bundles.getBundle("server").getManagers();
			NettyGrpcServerFactory factory = new NettyGrpcServerFactory("localhost:0",
					customizers.orderedStream()
						.map((customizer) -> (ServerBuilderCustomizer<NettyServerBuilder>) customizer)
						.toList(),
					managers.getKeyManagerFactory(), managers.getTrustManagerFactory(),
					TlsServerCredentials.ClientAuth.REQUIRE);
			factory.addService(ServerServiceDefinition.builder("test").addMethod(SERIAL, (call, headers) -> {
				call.request(1);
				return new Answer(call);
			}).build());
			return factory.createServer().start();
		}

		@Bean(destroyMethod = "shutdownNow")
		ManagedChannel channel(SslBundles bundles, Server server) {
			return GrpcRotationTests.channel(bundles, server);
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
