package io.kubelet.cert.ssl.drain;

import java.io.IOException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import com.google.protobuf.Empty;
import com.google.protobuf.StringValue;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.ClientCall;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Server;
import io.grpc.ServerServiceDefinition;
import io.grpc.TlsChannelCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.AbstractStub;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.MetadataUtils;
import io.grpc.stub.ServerCalls;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.testsupport.Load;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.grpc.server.GrpcServerFactory;
import org.springframework.grpc.server.NettyGrpcServerFactory;
import org.springframework.grpc.server.ServerBuilderCustomizer;
import org.springframework.grpc.server.ShadedNettyGrpcServerFactory;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A gRPC server that demands client certificates, and channels to it. The server answers
 * with the serial number of the client's certificate, and the channel tells the server's.
 *
 * @see io.kubelet.cert.autoconfigure.connections.GrpcChannelDrain
 */
class GrpcRotationTests {

	private static final MethodDescriptor<Empty, StringValue> SERIAL = MethodDescriptor
		.newBuilder(ProtoUtils.marshaller(Empty.getDefaultInstance()),
				ProtoUtils.marshaller(StringValue.getDefaultInstance()))
		.setType(MethodDescriptor.MethodType.UNARY)
		.setFullMethodName("test/serial")
		.build();

	private static RotatingApplication application;

	@BeforeAll
	static void start() {
		application = new RotatingApplication();
	}

	@AfterAll
	static void stop() {
		application.close();
	}

	/**
	 * A channel that is no bean only has its connection replaced if the server limits the
	 * age of its connections.
	 */
	@ParameterizedTest
	@EnumSource
	void channelAndServerFollowTheRotation(Transport transport) throws Exception {
		Server server = transport.server(1);
		ManagedChannel channel = transport.channel(server.getPort());
		ManagedChannel unknown = transport.channel(server.getPort());
		application.add(transport.name(), channel);
		assertThat(call(channel)).isEqualTo(application.serial("client"));
		assertThat(serverOf(unknown)).isEqualTo(application.serial("server"));
		Load.during(2, () -> call(channel), () -> {
			application.rotate("server");
			application.rotate("client");
			await().untilAsserted(() -> assertThat(call(channel)).isEqualTo(application.serial("client")));
			assertThat(serverOf(channel)).isEqualTo(application.serial("server"));
			await().untilAsserted(() -> assertThat(serverOf(unknown)).isEqualTo(application.serial("server")));
		});
		channel.shutdownNow();
		unknown.shutdownNow();
		server.shutdownNow();
	}

	/** Its interceptors hide the channel. */
	@ParameterizedTest
	@EnumSource
	void stubIsNotDrainedIfItHasInterceptorsOfItsOwn(Transport transport) throws Exception {
		Server server = transport.server(3600);
		Stub stub = new Stub(transport.channel(server.getPort()), CallOptions.DEFAULT);
		Stub intercepted = new Stub(transport.channel(server.getPort()), CallOptions.DEFAULT)
			.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(new Metadata()));
		application.add(transport + "-stub", stub);
		application.add(transport + "-intercepted", intercepted);
		String first = application.serial("client");
		assertThat(call(stub.getChannel())).isEqualTo(first);
		assertThat(call(intercepted.getChannel())).isEqualTo(first);
		String second = RotatingApplication.serial(application.rotate("client"));
		assertThat(call(stub.getChannel())).isEqualTo(second);
		assertThat(call(intercepted.getChannel())).isEqualTo(first);
		server.shutdownNow();
	}

	private static String call(Channel channel) {
		return ClientCalls.blockingUnaryCall(channel, SERIAL, CallOptions.DEFAULT, Empty.getDefaultInstance())
			.getValue();
	}

	/** The serial number of the server's certificate in the connection of a call. */
	private static String serverOf(ManagedChannel channel) throws Exception {
		ClientCall<Empty, StringValue> call = channel.newCall(SERIAL, CallOptions.DEFAULT);
		ClientCalls.futureUnaryCall(call, Empty.getDefaultInstance()).get();
		return serial(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION));
	}

	private static String serial(@Nullable SSLSession session) {
		try {
			return RotatingApplication
				.serial((X509Certificate) Objects.requireNonNull(session).getPeerCertificates()[0]);
		}
		catch (SSLPeerUnverifiedException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** Both have Netty below them. The shaded one has a copy of its own, with OpenSSL. */
	enum Transport {

		NETTY, SHADED;

		Server server(long maxAge) throws IOException {
			GrpcServerFactory factory = factory(maxAge);
			factory.addService(ServerServiceDefinition.builder("test")
				.addMethod(SERIAL,
						(call, headers) -> ServerCalls.<Empty, StringValue>asyncUnaryCall((request, answer) -> {
							answer.onNext(
									StringValue.of(serial(call.getAttributes().get(Grpc.TRANSPORT_ATTR_SSL_SESSION))));
							answer.onCompleted();
						}).startCall(call, headers))
				.build());
			return factory.createServer().start();
		}

		/** As it is auto-configured, with a {@code max-age} in seconds. */
		@SuppressWarnings({ "rawtypes", "unchecked" })
		private GrpcServerFactory factory(long seconds) {
			ServerBuilderCustomizer maxAge = (builder) -> builder.maxConnectionAge(seconds, TimeUnit.SECONDS);
			List customizers = List.of(maxAge);
			SslManagerBundle managers = application.bundle("server").getManagers();
			return (this == NETTY)
					? new NettyGrpcServerFactory("localhost:0", customizers, managers.getKeyManagerFactory(),
							managers.getTrustManagerFactory(), ClientAuth.REQUIRE)
					: new ShadedNettyGrpcServerFactory("localhost:0", customizers, managers.getKeyManagerFactory(),
							managers.getTrustManagerFactory(), ClientAuth.REQUIRE);
		}

		ManagedChannel channel(int port) {
			SslManagerBundle managers = application.bundle("client").getManagers();
			ChannelCredentials credentials = TlsChannelCredentials.newBuilder()
				.keyManager(managers.getKeyManagers())
				.trustManager(managers.getTrustManagers())
				.build();
			return (this == NETTY) ? NettyChannelBuilder.forAddress("localhost", port, credentials).build()
					: io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder.forAddress("localhost", port, credentials)
						.build();
		}

	}

	private static final class Stub extends AbstractStub<Stub> {

		Stub(Channel channel, CallOptions options) {
			super(channel, options);
		}

		@Override
		protected Stub build(Channel channel, CallOptions options) {
			return new Stub(channel, options);
		}

	}

}
