package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import co.elastic.clients.transport.rest5_client.low_level.Request;
import co.elastic.clients.transport.rest5_client.low_level.Rest5Client;
import com.google.protobuf.Empty;
import com.mongodb.client.MongoClient;
import io.grpc.CallOptions;
import io.grpc.ChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.ManagedChannelBuilder;
import io.grpc.MethodDescriptor;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.ProtoUtils;
import io.grpc.stub.ClientCalls;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.InsistentKeyManager;
import io.kubelet.cert.ssl.RotatingApplication;
import io.kubelet.cert.ssl.StandInServer;
import io.kubelet.cert.testsupport.DocumentedJava;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.TestAuthority;
import org.apache.kafka.clients.admin.Admin;
import org.bson.BsonDocument;
import org.bson.BsonInt32;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.amqp.rabbit.connection.CachingConnectionFactory;
import org.springframework.boot.WebApplicationType;
import org.springframework.boot.amqp.autoconfigure.RabbitAutoConfiguration;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.data.redis.autoconfigure.DataRedisAutoConfiguration;
import org.springframework.boot.elasticsearch.autoconfigure.ElasticsearchRestClientAutoConfiguration;
import org.springframework.boot.kafka.autoconfigure.KafkaAutoConfiguration;
import org.springframework.boot.mail.autoconfigure.MailSenderAutoConfiguration;
import org.springframework.boot.mongodb.autoconfigure.MongoAutoConfiguration;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.context.annotation.Configuration;
import org.springframework.data.redis.core.StringRedisTemplate;
import org.springframework.kafka.core.KafkaAdmin;
import org.springframework.mail.MailSender;
import org.springframework.mail.SimpleMailMessage;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;
import static org.awaitility.Awaitility.await;

/**
 * Clients of other protocols than HTTP, as Spring Boot configures them, that accept
 * certain servers. The address of each server is {@code localhost}. A client that accepts
 * the server presents its certificate. The default context of the JVM would accept each
 * server with its address.
 *
 * @see io.kubelet.cert.autoconfigure.ssl.CheckedPeers
 * @see io.kubelet.cert.autoconfigure.connections.CertificateVerificationAutoConfiguration
 */
class AcceptedByOtherClientsTests {

	private static final String ORDERS = "spiffe://example.org/ns/orders/sa/orders";

	private static final TestAuthority authority = new TestAuthority("servers");

	private static final MethodDescriptor<Empty, Empty> METHOD = MethodDescriptor
		.newBuilder(ProtoUtils.marshaller(Empty.getDefaultInstance()),
				ProtoUtils.marshaller(Empty.getDefaultInstance()))
		.setType(MethodDescriptor.MethodType.UNARY)
		.setFullMethodName("test/any")
		.build();

	/** Elasticsearch as it is, and as documented. */
	@ParameterizedTest
	@EnumSource
	void serverIsAcceptedByOneOfItsNames(Case identity, @TempDir Path directory) throws Exception {
		check(identity, directory, Clients.class, "lettuce", Kind.values());
		if (identity.rules.isEmpty()) {
			// What is documented leaves the names to the list
			check(identity, directory, Clients.class, "jedis", Kind.REDIS);
			return;
		}
		Class<?> documented = DocumentedJava.compile(Markdown.of("docs/reference/ssl-bundle-consumers.md"), directory)
			.loadClass("ElasticsearchConfiguration");
		check(identity, directory, documented, "jedis", Kind.REDIS, Kind.ELASTICSEARCH);
	}

	private static void check(Case identity, Path directory, Class<?> source, String redis, Kind... kinds)
			throws Exception {
		Map<Kind, StandInServer> servers = new EnumMap<>(Kind.class);
		for (Kind kind : kinds) {
			servers.put(kind, new StandInServer(kind.protocol).start(identity.pair,
					Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem()))));
		}
		Path trusted = Files.writeString(directory.resolve("ca.crt"), Pem.write(List.of(authority.certificate())));
		Stream<String> rules = Stream.concat(identity.rules.stream(), Stream
			.of("kubelet.cert.additional.client.ssl.trust-file=" + trusted, "spring.data.redis.client-type=" + redis));
		Stream<String> clients = servers.entrySet()
			.stream()
			.flatMap((server) -> Stream.of(server.getKey().properties.formatted(server.getValue().port())
				// Time to fail for a client that tries again and again
				.replace("TIMEOUT", identity.accepted ? "10000" : "500")
				.split(" ")));
		SSLContext own = SSLContext.getDefault();
		try (RotatingApplication application = new RotatingApplication(WebApplicationType.NONE,
				List.of(Clients.class, source), Stream.concat(rules, clients).toArray(String[]::new))) {
			SSLContext.setDefault(InsistentKeyManager.context(application.pair("client"),
					Trust.exactly(List.of(authority.certificate())), "TLS"));
			for (Kind kind : kinds) {
				StandInServer server = servers.get(kind);
				if (identity.accepted && !kind.isAnswered) {
					Thread call = new Thread(() -> catchThrowable(() -> kind.call.by(application, server.port())));
					call.start();
					await().untilAsserted(() -> assertThat(server.presented()).as(kind.name()).isNotEmpty());
					// Otherwise a client tries again and again, beside other tests
					call.interrupt();
					await().until(() -> !call.isAlive());
					continue;
				}
				Throwable failure = catchThrowable(() -> kind.call.by(application, server.port()));
				if (!identity.accepted) {
					assertThat(failure).as(kind.name()).isNotNull();
					await().untilAsserted(() -> assertThat(server.failed()).as("%s: %s", kind, failure).isPositive());
					assertThat(server.presented()).as("%s: %s", kind, failure).isEmpty();
				}
				else if (kind == Kind.ELASTICSEARCH && source == Clients.class && identity != Case.ADDRESS_AND_URI) {
					assertThat(failure).as(kind.name()).isNotNull();
				}
				else {
					assertThat(failure).as(kind.name()).isNull();
				}
			}
		}
		finally {
			SSLContext.setDefault(own);
		}
		for (StandInServer server : servers.values()) {
			server.close();
		}
	}

	private static void callByGrpc(ManagedChannelBuilder<?> builder) {
		ManagedChannel channel = builder.build();
		try {
			ClientCalls.blockingUnaryCall(channel, METHOD, CallOptions.DEFAULT, Empty.getDefaultInstance());
		}
		finally {
			channel.shutdownNow();
		}
	}

	/** That of Spring would wait at the end until its request has timed out. */
	private static void describe(KafkaAdmin configured) throws Exception {
		Admin admin = Admin.create(configured.getConfigurationProperties());
		try {
			admin.describeCluster().clusterId().get();
		}
		finally {
			admin.close(Duration.ZERO);
		}
	}

	private static ChannelCredentials credentials(RotatingApplication application) {
		SslManagerBundle managers = application.bundle("client").getManagers();
		return TlsChannelCredentials.newBuilder()
			.keyManager(managers.getKeyManagers())
			.trustManager(managers.getTrustManagers())
			.build();
	}

	private static void send(RotatingApplication application) {
		SimpleMailMessage message = new SimpleMailMessage();
		message.setFrom("from@example.com");
		message.setTo("to@example.com");
		message.setText("text");
		application.bean(MailSender.class).send(message);
	}

	/** A client, and whether something answers it after the handshake. */
	enum Kind {

		REDIS(false, (client) -> {
		}, "spring.data.redis.host=localhost spring.data.redis.port=%d spring.data.redis.timeout=2m spring.data.redis.connect-timeout=2m spring.data.redis.ssl.bundle=client",
				(application, port) -> application.bean(StringRedisTemplate.class).opsForValue().get("key")),

		KAFKA(false, (client) -> {
		}, "spring.kafka.bootstrap-servers=localhost:%d spring.kafka.security.protocol=SSL spring.kafka.ssl.bundle=client "
				// Otherwise it does not stop to try, and writes a million lines
				+ "spring.kafka.properties.metadata.recovery.strategy=none",
				(application, port) -> describe(application.bean(KafkaAdmin.class))),

		RABBIT(false, (client) -> {
		}, "spring.rabbitmq.host=localhost spring.rabbitmq.port=%d spring.rabbitmq.ssl.bundle=client",
				(application, port) -> application.bean(CachingConnectionFactory.class).createConnection()),

		GRPC(false, (client) -> {
		}, "unused=%d",
				(application, port) -> callByGrpc(
						NettyChannelBuilder.forAddress("localhost", port, credentials(application)))),

		GRPC_SHADED(false, (client) -> {
		}, "unused=%d",
				(application,
						port) -> callByGrpc(io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder
							.forAddress("localhost", port, credentials(application)))),

		MONGO(true, StandInServer::mongo,
				"spring.mongodb.uri=mongodb://localhost:%d/?serverSelectionTimeoutMS=TIMEOUT spring.mongodb.ssl.bundle=client",
				(application, port) -> application.bean(MongoClient.class)
					.getDatabase("test")
					.runCommand(new BsonDocument("ping", new BsonInt32(1)))),

		ELASTICSEARCH(true, StandInServer::http,
				"spring.elasticsearch.uris=https://localhost:%d spring.elasticsearch.restclient.ssl.bundle=client",
				(application, port) -> application.bean(Rest5Client.class).performRequest(new Request("GET", "/"))),

		MAIL(true, StandInServer::smtp,
				"spring.mail.host=localhost spring.mail.port=%d spring.mail.protocol=smtps spring.mail.ssl.bundle=client",
				(application, port) -> send(application));

		private final boolean isAnswered;

		private final StandInServer.Protocol protocol;

		private final String properties;

		private final Call call;

		Kind(boolean isAnswered, StandInServer.Protocol protocol, String properties, Call call) {
			this.isAnswered = isAnswered;
			this.protocol = protocol;
			this.properties = properties;
			this.call = call;
		}

	}

	private interface Call {

		void by(RotatingApplication application, int port) throws Exception;

	}

	/** A server, and whether it is accepted. */
	enum Case {

		URI_ACCEPTED(true, authority.svid(ORDERS)),

		DNS_NAME_ACCEPTED(true, authority.pair("any", "orders.test")),

		ADDRESS_AND_URI(true,
				authority.pair(new X500Name(""),
						List.of(new GeneralName(GeneralName.uniformResourceIdentifier, ORDERS),
								new GeneralName(GeneralName.dNSName, "localhost")),
						false, KeyUsage.digitalSignature)),

		URI_NOT_ACCEPTED(false, authority.svid(ORDERS + "2")),

		ADDRESS_ONLY(false, authority.pair("any", "localhost")),

		SVID_WITH_TWO_URIS(false,
				authority.pair(new X500Name("CN=a"),
						List.of(new GeneralName(GeneralName.uniformResourceIdentifier, ORDERS),
								new GeneralName(GeneralName.uniformResourceIdentifier, ORDERS)),
						false, KeyUsage.digitalSignature)),

		OF_ANOTHER_AUTHORITY(false, new TestAuthority("other").svid(ORDERS)),

		ANOTHER_ADDRESS_WITHOUT_A_LIST(false, List.of(), authority.pair("any", "orders.test"));

		private final boolean accepted;

		private final List<String> rules;

		private final CertificatePair pair;

		Case(boolean accepted, CertificatePair pair) {
			this(accepted, List.of("kubelet.cert.additional.client.ssl.accepted-servers.uris=" + ORDERS,
					"kubelet.cert.additional.client.ssl.accepted-servers.dns-names=orders.test"), pair);
		}

		Case(boolean accepted, List<String> rules, CertificatePair pair) {
			this.accepted = accepted;
			this.rules = rules;
			this.pair = pair;
		}

	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ MongoAutoConfiguration.class, ElasticsearchRestClientAutoConfiguration.class,
			MailSenderAutoConfiguration.class, DataRedisAutoConfiguration.class, KafkaAutoConfiguration.class,
			RabbitAutoConfiguration.class })
	static class Clients {

	}

}
