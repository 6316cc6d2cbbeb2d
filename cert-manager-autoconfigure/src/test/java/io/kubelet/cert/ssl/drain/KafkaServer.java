package io.kubelet.cert.ssl.drain;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ConcurrentHashMap;

import javax.net.ssl.SSLPeerUnverifiedException;

import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.Endpoint;
import org.apache.kafka.common.Uuid;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclBindingFilter;
import org.apache.kafka.common.protocol.ApiKeys;
import org.apache.kafka.common.security.auth.AuthenticationContext;
import org.apache.kafka.common.security.auth.KafkaPrincipal;
import org.apache.kafka.common.security.auth.SslAuthenticationContext;
import org.apache.kafka.common.security.authenticator.DefaultKafkaPrincipalBuilder;
import org.apache.kafka.common.utils.Time;
import org.apache.kafka.metadata.storage.Formatter;
import org.apache.kafka.server.authorizer.AclCreateResult;
import org.apache.kafka.server.authorizer.AclDeleteResult;
import org.apache.kafka.server.authorizer.Action;
import org.apache.kafka.server.authorizer.AuthorizableRequestContext;
import org.apache.kafka.server.authorizer.AuthorizationResult;
import org.apache.kafka.server.authorizer.Authorizer;
import org.apache.kafka.server.authorizer.AuthorizerServerInfo;
import org.jspecify.annotations.Nullable;

/**
 * A broker of Kafka in this process, which is its own controller and demands client
 * certificates. It notes which one each kind of request was sent with.
 */
final class KafkaServer implements AutoCloseable {

	/** By the identifier of the client and the kind of request. */
	private static final Map<String, String> serials = new ConcurrentHashMap<>();

	private final KafkaRaftServer server;

	KafkaServer(RotatingApplication application, int port) throws Exception {
		Path directory = Files.createDirectory(application.directory().resolve("kafka"));
		application.writeServerFiles(directory);
		int internal = RotatingApplication.freePort();
		int controller = RotatingApplication.freePort();
		Properties properties = new Properties();
		properties.putAll(Map.of("process.roles", "broker,controller", "node.id", "1", "controller.quorum.voters",
				"1@localhost:" + controller, "listeners",
				"SSL://localhost:" + port + ",PLAINTEXT://localhost:" + internal + ",CONTROLLER://localhost:"
						+ controller,
				"listener.security.protocol.map", "SSL:SSL,PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT",
				"controller.listener.names", "CONTROLLER", "log.dirs", directory.resolve("data").toString()));
		properties.putAll(Map.of("ssl.client.auth", "required", "ssl.keystore.type", "PEM",
				"ssl.keystore.certificate.chain", Files.readString(directory.resolve("server.crt")), "ssl.keystore.key",
				privateKey(application), "ssl.truststore.type", "PEM", "ssl.truststore.certificates",
				Files.readString(directory.resolve("ca.crt")), "principal.builder.class", Principals.class.getName(),
				"authorizer.class.name", Requests.class.getName()));
		properties.putAll(Map.of("offsets.topic.replication.factor", "1", "offsets.topic.num.partitions", "1",
				"group.initial.rebalance.delay.ms", "0"));
		Formatter formatter = new Formatter();
		formatter.setClusterId(Uuid.randomUuid().toString());
		formatter.setNodeId(1);
		formatter.addDirectory(directory.resolve("data").toString());
		formatter.setControllerListenerName("CONTROLLER");
		formatter.run();
		this.server = new KafkaRaftServer(new KafkaConfig(properties), Time.SYSTEM);
		this.server.startup();
	}

	/** Kafka reads no other form. */
	private static String privateKey(RotatingApplication application) {
		return "-----BEGIN PRIVATE KEY-----\n"
				+ Base64.getMimeEncoder().encodeToString(application.pair("server").privateKey().getEncoded())
				+ "\n-----END PRIVATE KEY-----\n";
	}

	/**
	 * Returns the serial number with which the last request of a kind was sent.
	 * @param client the identifier of the client, without its number
	 * @param request the kind of request
	 * @return the serial number, {@code null} if there was no such request
	 */
	static @Nullable String serial(String client, ApiKeys request) {
		return serials.get(client + "/" + request.id);
	}

	@Override
	public void close() {
		this.server.shutdown();
		this.server.awaitShutdown();
	}

	/** The name of a client is the serial number of its certificate. */
	public static final class Principals extends DefaultKafkaPrincipalBuilder {

		public Principals() {
			super(null, null);
		}

		@Override
		public KafkaPrincipal build(AuthenticationContext context) {
			if (context instanceof SslAuthenticationContext tls) {
				try {
					X509Certificate leaf = (X509Certificate) tls.session().getPeerCertificates()[0];
					return new KafkaPrincipal(KafkaPrincipal.USER_TYPE, leaf.getSerialNumber().toString(16));
				}
				catch (SSLPeerUnverifiedException ex) {
					throw new IllegalStateException(ex);
				}
			}
			return super.build(context);
		}

	}

	/** Allows each request. */
	public static final class Requests implements Authorizer {

		@Override
		public Map<Endpoint, ? extends CompletionStage<Void>> start(AuthorizerServerInfo server) {
			Map<Endpoint, CompletionStage<Void>> started = new ConcurrentHashMap<>();
			server.endpoints().forEach((endpoint) -> started.put(endpoint, CompletableFuture.completedFuture(null)));
			return started;
		}

		@Override
		public List<AuthorizationResult> authorize(AuthorizableRequestContext request, List<Action> actions) {
			String client = request.clientId().replaceFirst("-[0-9]+$", "");
			serials.put(client + "/" + request.requestType(), request.principal().getName());
			return Collections.nCopies(actions.size(), AuthorizationResult.ALLOWED);
		}

		@Override
		public List<? extends CompletionStage<AclCreateResult>> createAcls(AuthorizableRequestContext request,
				List<AclBinding> bindings) {
			return List.of();
		}

		@Override
		public List<? extends CompletionStage<AclDeleteResult>> deleteAcls(AuthorizableRequestContext request,
				List<AclBindingFilter> filters) {
			return List.of();
		}

		@Override
		public Iterable<AclBinding> acls(AclBindingFilter filter) {
			return List.of();
		}

		@Override
		public void configure(Map<String, ?> properties) {
		}

		@Override
		public void close() {
		}

	}

}
