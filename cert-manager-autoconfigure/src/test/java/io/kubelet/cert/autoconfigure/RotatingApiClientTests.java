package io.kubelet.cert.autoconfigure;

import java.lang.reflect.Proxy;
import java.net.Socket;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Collectors;

import javax.net.ssl.KeyManager;
import javax.net.ssl.SSLContext;
import javax.net.ssl.X509KeyManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.internal.RotatingApiClient;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.apis.CertificatesV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import okhttp3.OkHttpClient;
import okhttp3.Response;
import okio.Okio;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The original's transport test: a rotation closes the connections, and the server sees
 * the new serial number.
 */
class RotatingApiClientTests {

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final TestAuthority authority = new TestAuthority("test");

	@TempDir
	Path directory;

	private ApplicationContextRunner runner() {
		return CertificateContexts.starter(KubernetesApiClientAutoConfiguration.class)
			.withPropertyValues("kubelet.cert.rotation.forced-interval=0s",
					"kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory),
					"kubelet.cert.kubernetes.api-client.enabled=true",
					"kubelet.cert.template.common-name=system:node:n1",
					"kubelet.cert.template.organizations=system:nodes");
	}

	@Test
	void serverSeesTheNewSerialNumberOnANewConnectionAfterARotation() {
		runner().run((context) -> {
			ApiClient client = context.getBean(ApiClient.class);
			CertificateManager manager = context.getBean(CertificateManager.class);
			String first = manager.current().orElseThrow().serialNumber();
			Set<Socket> sockets = remember(client);
			whoAmI(client);
			whoAmI(client);
			assertThat(open(sockets)).isOne();
			String second = manager.rotate().get(120, TimeUnit.SECONDS).serialNumber();
			Awaitility.await().until(() -> open(sockets) == 0);
			whoAmI(client);
			assertThat(reviews()).extracting(RecordedRequest::certificateSerial).containsExactly(first, first, second);
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
				CertificatePair rotated = context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS);
				whoAmI(client);
				assertThat(next.requests()).filteredOn((request) -> request.path().endsWith("/selfsubjectreviews"))
					.extracting(RecordedRequest::certificateSerial)
					.containsExactly(rotated.serialNumber());
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
			CountDownLatch ended = watch(context.getBean(ApiClient.class));
			atTheEndOfTheDrain.clear();
			context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS);
			assertThat(ended.getCount()).isEqualTo(1);
			Awaitility.await().until(() -> {
				atTheEndOfTheDrain.forEach(Runnable::run);
				return ended.getCount() == 0;
			});
			whoAmI(context.getBean(ApiClient.class));
		});
		scheduler.destroy();
	}

	/**
	 * All calls of HTTP/2 share a connection, as those to a real API server do. Before
	 * the first certificate, a connection presents nothing. The bundle follows later, and
	 * has not ended the TLS sessions yet.
	 */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void callThatBeginsAfterARotationSharesNoConnectionOfBefore(boolean first) {
		FixedManager manager = new FixedManager(this.authority);
		AtomicReference<@Nullable CertificatePair> current = new AtomicReference<>(first ? null : manager.pair());
		try (Http2Server server = new Http2Server(this.authority);
				RotatingApiClient rotating = new RotatingApiClient(server.client(),
						first ? new KeyManager[0] : keyManagers(manager), current::get,
						Executors.newCachedThreadPool())) {
			CompletableFuture<String> old = server.hold(rotating);
			String before = first ? "none" : manager.pair().serialNumber();
			assertThat(server.presented()).containsExactly(before);
			manager.replace();
			current.set(manager.pair());
			CompletableFuture<String> early = server.hold(rotating);
			Runnable closeWhatRemains = rotating.rotated();
			CompletableFuture<String> late = server.hold(rotating);
			assertThat(old).isNotDone();
			closeWhatRemains.run();
			assertThat(old).failsWithin(Duration.ofMinutes(2)).withThrowableOfType(ExecutionException.class);
			server.release();
			String after = first ? "none" : manager.pair().serialNumber();
			assertThat(early).succeedsWithin(Duration.ofMinutes(2)).isEqualTo(after);
			assertThat(late).succeedsWithin(Duration.ofMinutes(2)).isEqualTo(after);
			assertThat(server.presented()).containsExactly(before, after);
		}
	}

	private static KeyManager[] keyManagers(FixedManager manager) {
		return manager.register(Trust::system, (task, delay) -> () -> {
		}).getBundle("bundle").getManagers().getKeyManagers();
	}

	/** Its session would be resumed from then on. */
	@Test
	void handshakeThatARotationOvertakesIsNotResumedAfterTheGrace() {
		runner().run((context) -> {
			CertificateManager manager = context.getBean(CertificateManager.class);
			KeyManager live = context.getBean(SslBundles.class)
				.getBundle("kubelet-client")
				.getManagers()
				.getKeyManagers()[0];
			CompletableFuture<RotatingApiClient> client = new CompletableFuture<>();
			CompletableFuture<Runnable> rotated = new CompletableFuture<>();
			KeyManager keys = (KeyManager) Proxy.newProxyInstance(getClass().getClassLoader(),
					new Class<?>[] { X509KeyManager.class }, (proxy, method, arguments) -> {
						Object presented = method.invoke(live, arguments);
						if (method.getName().equals("getPrivateKey") && !rotated.isDone()) {
							manager.rotate().get(120, TimeUnit.SECONDS);
							rotated.complete(client.join().rotated());
						}
						return presented;
					});
			String before = manager.current().orElseThrow().serialNumber();
			try (Http2Server server = new Http2Server(this.authority);
					RotatingApiClient rotating = new RotatingApiClient(server.client(), new KeyManager[] { keys },
							() -> manager.status().pair(), Executors.newCachedThreadPool())) {
				client.complete(rotating);
				server.release();
				assertThat(server.hold(rotating)).succeedsWithin(Duration.ofMinutes(2)).isEqualTo(before);
				rotated.join().run();
				assertThat(server.hold(rotating)).succeedsWithin(Duration.ofMinutes(2))
					.isEqualTo(manager.current().orElseThrow().serialNumber());
			}
		});
	}

	/** They may be on a volume that hangs. */
	@Test
	void rotationDoesNotReadTheAuthorities() throws Exception {
		AtomicInteger reads = new AtomicInteger();
		X509TrustManager trust = LiveTrust.manager(() -> {
			reads.incrementAndGet();
			return Trust.exactly(List.of());
		});
		OkHttpClient http = new OkHttpClient.Builder()
			.sslSocketFactory(SSLContext.getDefault().getSocketFactory(), trust)
			.build();
		AtomicReference<@Nullable CertificatePair> current = new AtomicReference<>();
		try (RotatingApiClient rotating = new RotatingApiClient(new ApiClient(http), new KeyManager[0], current::get,
				Executors.newCachedThreadPool())) {
			current.set(new FixedManager(this.authority).pair());
			reads.set(0);
			assertThat(rotating.getHttpClient().connectionPool()).isNotSameAs(http.connectionPool());
			assertThat(reads).hasValue(0);
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
	void rotationsLeakNeitherConnectionNorThread() {
		runner().run((context) -> {
			ApiClient client = context.getBean(ApiClient.class);
			CertificateManager manager = context.getBean(CertificateManager.class);
			Set<Socket> sockets = remember(client);
			whoAmI(client);
			long threads = threads();
			for (int rotation = 0; rotation < 10; rotation++) {
				manager.rotate().get(120, TimeUnit.SECONDS);
				whoAmI(client);
			}
			assertThat(open(sockets)).isLessThanOrEqualTo(2);
			assertThat(sockets).hasSizeGreaterThan(10);
			// Those that pools had more for a moment end by themselves
			Awaitility.await().untilAsserted(() -> assertThat(threads()).isLessThanOrEqualTo(threads + 2));
			assertThat(manager.status().rotations().count()).isEqualTo(11);
			assertThat(reviews().stream().map(RecordedRequest::certificateSerial).collect(Collectors.toSet()))
				.hasSize(11);
		});
	}

	@Test
	void usersOwnClientTakesThePlaceOfOurs() {
		ApiClient own = new ApiClient();
		runner().withBean(ApiClient.class, () -> own)
			.run((context) -> assertThat(context).getBean(ApiClient.class).isSameAs(own));
	}

	/** A watch that stays open; it counts down when it has ended. */
	private CountDownLatch watch(ApiClient client) {
		CountDownLatch ended = new CountDownLatch(1);
		int before = this.controlPlane.count(RotatingApiClientTests::isOwnWatch);
		Thread watcher = new Thread(() -> {
			OkHttpClient unhurried = client.getHttpClient().newBuilder().readTimeout(Duration.ZERO).build();
			try (Response response = unhurried
				.newCall(new CertificatesV1Api(client).listCertificateSigningRequest()
					.watch(true)
					.timeoutSeconds(300)
					.buildCall(null)
					.request())
				.execute()) {
				response.body().source().readAll(Okio.blackhole());
			}
			catch (Exception ex) {
				// The connection was closed
			}
			ended.countDown();
		});
		watcher.start();
		Awaitility.await().until(() -> this.controlPlane.count(RotatingApiClientTests::isOwnWatch) == before + 1);
		return ended;
	}

	private static boolean isOwnWatch(RecordedRequest request) {
		return request.isWatch() && request.user().equals("system:node:n1");
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
			.filter((thread) -> !thread.getName().startsWith("control-plane"))
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
