package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.internal.KubeconfigSource;
import io.kubelet.cert.kubernetes.internal.RotatingApiClient;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import io.netty.channel.Channel;
import io.netty.handler.ssl.ClientAuth;
import io.netty.handler.ssl.SslContextBuilder;
import io.netty.handler.ssl.SslHandler;
import okhttp3.OkHttpClient;
import okhttp3.Request;
import okhttp3.Response;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import reactor.core.publisher.Mono;
import reactor.netty.DisposableServer;
import reactor.netty.http.Http2SslContextSpec;
import reactor.netty.http.HttpProtocol;
import reactor.netty.http.server.HttpServer;
import reactor.netty.tcp.SslProvider.GenericSslContextSpec;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.util.function.ThrowingSupplier;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The original's transport test: a rotation closes the connections, and the server sees
 * the new serial number.
 *
 * @see RotatingApiClient
 */
class RotatingApiClientTests extends ClusterFixture {

	private final TestAuthority authority = new TestAuthority("test");

	private ApplicationContextRunner runner() {
		return node(KubernetesApiClientAutoConfiguration.class).withPropertyValues(
				"kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.kubernetes.api-client.enabled=true",
				"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory));
	}

	@Test
	void serverSeesTheNewSerialNumberOnANewConnectionAfterARotation() {
		runner().run((context) -> {
			ApiClient client = context.getBean(ApiClient.class);
			CertificateManager manager = context.getBean(CertificateManager.class);
			List<String> presented = new ArrayList<>();
			Set<Socket> sockets = remember(client);
			long threads = threads();
			for (int rotation = 0; rotation < 10; rotation++) {
				String current = manager.current().orElseThrow().serialNumber();
				whoAmI(client);
				whoAmI(client);
				presented.addAll(List.of(current, current));
				assertThat(open(sockets)).isOne();
				manager.rotate().get(120, TimeUnit.SECONDS);
				Awaitility.await().until(() -> open(sockets) == 0);
			}
			assertThat(sockets).hasSize(10);
			assertThat(reviews()).extracting(RecordedRequest::certificateSerial).isEqualTo(presented);
			// Those that pools had more for a moment end by themselves
			Awaitility.await().untilAsserted(() -> assertThat(threads()).isLessThanOrEqualTo(threads + 2));
		});
	}

	@Test
	void authorityOfTheClusterMayChange() {
		runner().run((context) -> {
			ApiClient client = context.getBean(ApiClient.class);
			whoAmI(client);
			this.controlPlane.pause();
			int port = URI.create(this.controlPlane.url()).getPort();
			try (EmbeddedControlPlane next = EmbeddedControlPlane.builder().port(port).start()) {
				next.writeKubeconfig(this.directory);
				assertThatExceptionOfType(ApiException.class).isThrownBy(() -> whoAmI(client))
					.as("its certificate is that of the other cluster")
					.returns(401, ApiException::getCode);
			}
		});
	}

	@Test
	void busyConnectionIsLeftAloneAndThenClosed() {
		this.controlPlane.allow("system:node:n1", Set.of("watch", "list"), "certificatesigningrequests");
		List<Runnable> atTheEndOfTheDrain = new CopyOnWriteArrayList<>();
		SharedScheduler scheduler = SharedScheduler.ofPlatformThreads();
		runner().withBean(RotationScheduler.class, () -> (task, delay) -> {
			if (delay.equals(Duration.ofSeconds(10))) {
				atTheEndOfTheDrain.add(task);
			}
			return scheduler.schedule(task, delay);
		}).run((context) -> {
			CompletableFuture<?> watch = watch(context.getBean(ApiClient.class));
			atTheEndOfTheDrain.clear();
			context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS);
			assertThat(watch).isNotDone();
			Awaitility.await().until(() -> {
				atTheEndOfTheDrain.forEach(Runnable::run);
				return watch.isDone();
			});
			whoAmI(context.getBean(ApiClient.class));
		});
		scheduler.destroy();
	}

	/**
	 * All calls of HTTP/2 share a connection, as those to a real API server do.
	 */
	@Test
	void callThatBeginsAfterARotationSharesNoConnectionOfBefore() throws IOException {
		FixedManager manager = new FixedManager(this.authority);
		CompletableFuture<String> held = new CompletableFuture<>();
		DisposableServer server = http2Server(held);
		String url = "https://localhost:" + server.port();
		ExecutorService threads = Executors.newCachedThreadPool();
		try (RotatingApiClient rotating = new RotatingApiClient(kubeconfig(url), keyManagers(manager), threads)) {
			String before = manager.pair().serialNumber();
			CompletableFuture<String> old = CompletableFuture
				.supplyAsync(() -> get(rotating.getHttpClient(), url + "/held?watch=true"), threads);
			assertThat(held).succeedsWithin(Duration.ofMinutes(2)).isEqualTo(before);
			assertThat(get(rotating.getHttpClient(), url)).isEqualTo(before);
			manager.replace();
			String after = manager.pair().serialNumber();
			Runnable closeWhatRemains = rotating.rotated();
			assertThat(get(rotating.getHttpClient(), url)).isEqualTo(after);
			assertThat(old).isNotDone();
			closeWhatRemains.run();
			assertThat(old).failsWithin(Duration.ofMinutes(2));
		}
		server.disposeNow();
	}

	private static KeyManager[] keyManagers(FixedManager manager) {
		return manager.register(Trust::system, (task, delay) -> () -> {
		}).getBundle("bundle").getManagers().getKeyManagers();
	}

	private KubeconfigSource kubeconfig(String url) throws IOException {
		Files.writeString(this.directory.resolve("ca.pem"), Pem.write(List.of(this.authority.certificate())));
		return new KubeconfigSource(Files.writeString(this.directory.resolve("kubeconfig"), """
				clusters: [{name: c, cluster: {server: "%s", certificate-authority: ca.pem}}]
				contexts: [{name: x, context: {cluster: c}}]
				current-context: x
				""".formatted(url)), null);
	}

	/** Answers with the serial number of the client, but holds the path /held. */
	private DisposableServer http2Server(CompletableFuture<String> held) {
		CertificatePair pair = this.authority.pair("server", "localhost");
		GenericSslContextSpec<SslContextBuilder> http2 = Http2SslContextSpec.forServer(pair.privateKey(), pair.leaf())
			.configure((tls) -> tls.clientAuth(ClientAuth.REQUIRE).trustManager(this.authority.certificate()));
		return HttpServer.create()
			.host("localhost")
			.protocol(HttpProtocol.H2)
			.secure((tls) -> tls.sslContext(http2))
			.handle((request, response) -> {
				CompletableFuture<String> serial = request.uri().startsWith("/held") ? held : new CompletableFuture<>();
				request.withConnection((connection) -> serial.complete(presented(connection.channel().parent())));
				return (serial != held) ? response.sendString(Mono.fromFuture(serial)) : Mono.never();
			})
			.bindNow();
	}

	private static String presented(Channel channel) {
		SSLSession session = channel.pipeline().get(SslHandler.class).engine().getSession();
		return CertificateNames
			.serialNumber((X509Certificate) ThrowingSupplier.of(() -> session.getPeerCertificates()[0]).get());
	}

	private static String get(OkHttpClient client, String url) {
		try (Response response = client.newCall(new Request.Builder().url(url).build()).execute()) {
			return response.body().string();
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	/** What authenticates with the certificate needs no other credentials. */
	@ParameterizedTest
	@ValueSource(strings = { "exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plug-in}",
			"tokenFile: missing", "token: [damaged]", "{client-certificate: missing, client-key: missing}" })
	void userOfTheKubeconfigIsNotEvaluated(String user) throws Exception {
		Path plugIn = Files.writeString(this.directory.resolve("plug-in"),
				"#!/bin/sh\ntouch %s/run\nsleep 600\n".formatted(this.directory));
		assertThat(plugIn.toFile().setExecutable(true)).isTrue();
		String kubeconfig = this.controlPlane.kubeconfig(Credential.token("one", "TOKEN"));
		Path file = Files.writeString(this.directory.resolve("kubeconfig"), kubeconfig.replace("token: TOKEN", user));
		ClientCertificate stored = this.controlPlane.issueClientCertificate("system:node:n1", "system:nodes");
		Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(this.directory.resolve("pki/kubelet-client-current.pem"),
				stored.certificatePem() + stored.keyPem());
		runner().withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + file).run((context) -> {
			assertThat(context).hasNotFailed();
			whoAmI(context.getBean(ApiClient.class));
			assertThat(reviews()).extracting(RecordedRequest::user).containsExactly("system:node:n1");
			assertThat(this.directory.resolve("run")).doesNotExist();
		});
	}

	@Test
	void usersOwnClientTakesThePlaceOfOurs() {
		ApiClient own = new ApiClient();
		runner().withBean(ApiClient.class, () -> own)
			.run((context) -> assertThat(context).getBean(ApiClient.class).isSameAs(own));
	}

	/** A watch that stays open. */
	private CompletableFuture<?> watch(ApiClient client) {
		OkHttpClient unhurried = client.getHttpClient().newBuilder().readTimeout(Duration.ZERO).build();
		String url = client.getBasePath() + "/apis/certificates.k8s.io/v1/certificatesigningrequests?watch=true";
		CompletableFuture<?> watch = CompletableFuture.supplyAsync(() -> get(unhurried, url),
				(task) -> new Thread(task).start());
		Awaitility.await()
			.until(() -> this.controlPlane
				.count((request) -> request.isWatch() && request.user().equals("system:node:n1")) == 1);
		return watch;
	}

	private static void whoAmI(ApiClient client) throws ApiException {
		new AuthenticationV1Api(client).createSelfSubjectReview(new V1SelfSubjectReview()).execute();
	}

	private List<RecordedRequest> reviews() {
		return this.controlPlane.requests()
			.stream()
			.filter((request) -> request.path().endsWith("/selfsubjectreviews"))
			.toList();
	}

	private static long threads() {
		return Thread.getAllStackTraces()
			.keySet()
			.stream()
			.filter((thread) -> !thread.getName().startsWith("embedded-control-plane"))
			.count();
	}

	/** Notes the connection of each call, which sends at once. */
	private static Set<Socket> remember(ApiClient client) {
		Set<Socket> sockets = ConcurrentHashMap.newKeySet();
		client.setHttpClient(client.getHttpClient().newBuilder().addNetworkInterceptor((chain) -> {
			Socket socket = Objects.requireNonNull(chain.connection()).socket();
			assertThat(socket.getTcpNoDelay()).isTrue();
			sockets.add(socket);
			return chain.proceed(chain.request());
		}).build());
		return sockets;
	}

	private static long open(Set<Socket> sockets) {
		return sockets.stream().filter((socket) -> !socket.isClosed()).count();
	}

}
