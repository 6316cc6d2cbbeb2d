package io.kubelet.cert.sample;

import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import javax.net.ssl.HttpsURLConnection;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.TrustManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubernetes.client.openapi.models.V1Container;
import io.kubernetes.client.openapi.models.V1PolicyRule;
import io.kubernetes.client.openapi.models.V1Probe;
import io.kubernetes.client.openapi.models.V1Role;
import org.awaitility.Awaitility;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import tools.jackson.databind.json.JsonMapper;

import org.springframework.boot.SpringApplication;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * The application with the configuration of the cluster and the probes of its Deployment,
 * sent over HTTP as a kubelet does, from before its start until after a rotation that
 * fails.
 *
 * @see "sample-app/src/main/kubernetes/base/deployment.yaml"
 */
@NullUnmarked
class ProbeTests {

	private static final String OK = "200";

	private static final String REFUSED = "refused";

	/** A busy machine is slow. */
	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private final EmbeddedControlPlane plane = EmbeddedControlPlane.builder().approval(ApprovalPolicy.manual()).start();

	private final int port = freePort();

	private final V1Container container = ManifestTests.pod().getContainers().get(0);

	@TempDir
	Path directory;

	private ConfigurableApplicationContext application;

	@AfterEach
	void close() {
		if (this.application != null) {
			this.application.close();
		}
		this.plane.close();
	}

	@Test
	void applicationThatWaitsIsStartedAliveAndReadyWithItsOwnCertificates() throws Exception {
		try (Probe startup = probe(this.container.getStartupProbe(), "https", this.port);
				Probe liveness = probe(this.container.getLivenessProbe(), "https", this.port);
				Probe readiness = probe(this.container.getReadinessProbe(), "https", this.port)) {
			CompletableFuture<Void> start = CompletableFuture
				.runAsync(() -> this.application = run("sample-app-0", this.port));
			Awaitility.await().atMost(PATIENCE).until(() -> !this.plane.openCertificateSigningRequests().isEmpty());
			Stream.of(startup, liveness, readiness).forEach((probe) -> probe.await(REFUSED));
			approveUntil(readiness);
			start.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
			assertAnotherReplicaHasRequestsKeysAndCertificatesOfItsOwn();
			rotationFails();
			assertThat(Stream.of(startup, liveness, readiness)).allMatch(Probe::staysOnceItSucceeded);
		}
	}

	@Test
	void applicationInTheBackgroundIsAliveButNotReadyUntilItHasItsCertificates() throws Exception {
		int management = freePort();
		try (Probe liveness = probe(this.container.getLivenessProbe(), "http", management);
				Probe readiness = probe(this.container.getReadinessProbe(), "http", management)) {
			this.application = run("sample-app-0", this.port, "--kubelet.cert.startup.mode=background",
					"--management.server.port=" + management, "--management.server.ssl.enabled=false",
					"--management.endpoint.health.show-components=always");
			liveness.await(OK);
			readiness.await("503");
			assertThatExceptionOfType(SSLException.class)
				.isThrownBy(() -> status(uri("https", this.port, "/who-am-i")));
			assertThat(readiness.results()).doesNotContain(OK);
			assertThat(health(management, "certificates")).isEqualTo("DOWN");
			assertThat(health(management, "ssl")).isEqualTo("UP");
			approveUntil(readiness);
			assertThat(status(uri("https", this.port, "/who-am-i"))).isEqualTo(OK);
			assertThat(health(management, "certificates")).isEqualTo("UP");
			rotationFails();
			assertThat(Stream.of(liveness, readiness)).allMatch(Probe::staysOnceItSucceeded);
		}
	}

	/** With the permissions of the base, and with its configuration alone. */
	@Test
	void baseHasItsCertificateFromTheIssuerAndRotatesIt() throws Exception {
		Path kubeconfig = installCertManager();
		try (Probe readiness = probe(this.container.getReadinessProbe(), "https", this.port)) {
			this.application = run(kubeconfig, "base/", this.directory, "--server.port=" + this.port);
			readiness.await(OK);
			assertThat(this.application.getBean(CertificateManager.class).rotate()).succeedsWithin(PATIENCE);
			assertThat(status(uri("https", this.port, "/"))).as("calls itself").isEqualTo(OK);
		}
		X509Certificate leaf = this.application.getBean(CertificateManager.class).current().orElseThrow().leaf();
		assertThat(leaf.getSubjectX500Principal().getName()).isEmpty();
		assertThat(leaf.getSubjectAlternativeNames()).containsExactlyInAnyOrder(List.of(2, "sample-app.sample-app.svc"),
				List.of(6, "spiffe://example.org/ns/sample-app/sa/sample-app"));
		Awaitility.await()
			.atMost(PATIENCE)
			.untilAsserted(() -> assertThat(this.plane.certManager().certificateRequests()).isEmpty());
		assertThat(this.plane.certificateSigningRequests()).isEmpty();
	}

	/**
	 * A caller without an accepted certificate reaches the management port only.
	 */
	@Test
	void mutualTlsIsProbedAndScrapedWithoutACertificate() throws Exception {
		Path kubeconfig = installCertManager();
		int management = freePort();
		try (Probe readiness = probe(this.container.getReadinessProbe(), "http", management)) {
			this.application = run(kubeconfig, "base/,src/main/kubernetes/mutual-tls/", this.directory,
					"--server.port=" + this.port, "--spring.profiles.active=mutual-tls",
					"--management.server.port=" + management);
			readiness.await(OK);
			assertThat(status(uri("http", management, "/actuator/prometheus"))).isEqualTo(OK);
			URI page = uri("https", this.port, "/");
			assertThatExceptionOfType(IOException.class).isThrownBy(() -> status(page));
			SSLContext client = this.application.getBean(SslBundles.class).getBundle("shop").createSslContext();
			assertThat(status(page, client)).isEqualTo(OK);
		}
	}

	private Path installCertManager() {
		this.plane.behavior().approval(ApprovalPolicy.approving());
		this.plane.certManager().clusterIssuer("internal");
		V1PolicyRule rule = ManifestTests.object(V1Role.class).getRules().get(0);
		this.plane.allowIn("sample-app", "system:serviceaccount:sample-app:sample-app", Set.copyOf(rule.getVerbs()),
				rule.getResources().get(0) + "." + rule.getApiGroups().get(0));
		return this.plane.writeKubeconfig(this.directory, this.plane.addServiceAccount("sample-app", "sample-app"));
	}

	private void assertAnotherReplicaHasRequestsKeysAndCertificatesOfItsOwn() throws Exception {
		this.plane.behavior().approval(ApprovalPolicy.approving());
		try (ConfigurableApplicationContext other = run("sample-app-1", 0)) {
			assertThat(this.plane.certificateSigningRequests()).hasSize(4).doesNotHaveDuplicates();
			List<X509Certificate> leaves = new ArrayList<>();
			for (ConfigurableApplicationContext replica : List.of(this.application, other)) {
				replica.getBean(CertificateManagers.class)
					.forEach((manager) -> leaves.add(manager.current().orElseThrow().leaf()));
			}
			assertThat(leaves).extracting(X509Certificate::getSerialNumber).hasSize(4).doesNotHaveDuplicates();
			assertThat(leaves).extracting(X509Certificate::getPublicKey).doesNotHaveDuplicates();
			assertThat(String.valueOf(leaves.get(1).getSubjectAlternativeNames())).contains("sample-app-0")
				.doesNotContain("sample-app-1");
			assertThat(String.valueOf(leaves.get(3).getSubjectAlternativeNames())).contains("sample-app-1")
				.doesNotContain("sample-app-0");
		}
	}

	private ConfigurableApplicationContext run(String pod, int port, String... more) {
		Stream<String> arguments = Stream.of("--server.port=" + port, "--POD_IP=127.0.0.1", "--POD_NAME=" + pod,
				"--spring.profiles.active=node");
		return run(this.plane.writeKubeconfig(this.directory), "signer/", this.directory.resolve(pod),
				Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
	}

	private ConfigurableApplicationContext run(Path kubeconfig, String configuration, Path certDir, String... more) {
		Stream<String> arguments = Stream.of("--spring.config.additional-location=src/main/kubernetes/" + configuration,
				"--kubelet.cert.cert-dir=" + certDir, "--kubelet.cert.kubernetes.kubeconfig=" + kubeconfig);
		return SpringApplication.run(SampleApplication.class,
				Stream.concat(arguments, Stream.of(more)).toArray(String[]::new));
	}

	/** Two certificates make two requests. */
	private void approveUntil(Probe ready) {
		Awaitility.await().atMost(PATIENCE).until(() -> {
			this.plane.openCertificateSigningRequests().forEach(this.plane::approve);
			return ready.is(OK);
		});
	}

	private void rotationFails() {
		this.plane.behavior().approval(ApprovalPolicy.denying("NotToday", "the approver is on holiday"));
		CertificateManagers managers = this.application.getBean(CertificateManagers.class);
		assertThat(managers.get("kubelet-server").rotate()).failsWithin(PATIENCE);
	}

	/** What the whole health has of one of Spring Boot's indicators. */
	private static String health(int port, String component) throws Exception {
		HttpResponse<String> health = HttpClient.newHttpClient()
			.send(HttpRequest.newBuilder(uri("http", port, "/actuator/health")).build(), BodyHandlers.ofString());
		return JsonMapper.shared().readTree(health.body()).at("/components/" + component + "/status").asString();
	}

	private static Probe probe(V1Probe probe, String scheme, int port) {
		var get = probe.getHttpGet();
		assertThat(get.getScheme()).isEqualTo("HTTPS");
		return new Probe(uri(scheme, port, get.getPath()));
	}

	private static URI uri(String scheme, int port, String path) {
		return URI.create(scheme + "://127.0.0.1:" + port + path);
	}

	/** A free port below those that the system gives to connections (Linux: 32768). */
	private static int freePort() {
		while (true) {
			int port = ThreadLocalRandom.current().nextInt(10_000, 32_768);
			try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
				return socket.getLocalPort();
			}
			catch (IOException ex) {
				// Try another one
			}
		}
	}

	/** As a kubelet, which does not verify the certificate of a pod. */
	private static String status(URI uri) throws IOException {
		return status(uri, trustingAnyone());
	}

	private static String status(URI uri, SSLContext client) throws IOException {
		HttpURLConnection connection = (HttpURLConnection) uri.toURL().openConnection();
		if (connection instanceof HttpsURLConnection tls) {
			tls.setSSLSocketFactory(client.getSocketFactory());
			tls.setHostnameVerifier((host, session) -> true);
		}
		connection.setConnectTimeout((int) PATIENCE.toMillis());
		connection.setReadTimeout((int) PATIENCE.toMillis());
		return String.valueOf(connection.getResponseCode());
	}

	private static SSLContext trustingAnyone() {
		try {
			SSLContext context = SSLContext.getInstance("TLS");
			context.init(null, new TrustManager[] { new Anyone() }, null);
			return context;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

	/** The results of a probe, of which equal ones in a row count once. */
	private static final class Probe implements AutoCloseable {

		private static final Duration PERIOD = Duration.ofMillis(50);

		private final List<String> results = new CopyOnWriteArrayList<>();

		private final ScheduledExecutorService executor = Executors.newSingleThreadScheduledExecutor();

		Probe(URI uri) {
			this.executor.scheduleWithFixedDelay(() -> add(result(uri)), 0, PERIOD.toMillis(), TimeUnit.MILLISECONDS);
		}

		private static String result(URI uri) {
			try {
				return status(uri);
			}
			catch (IOException ex) {
				return REFUSED;
			}
		}

		private void add(String result) {
			if (!is(result)) {
				this.results.add(result);
			}
		}

		List<String> results() {
			return this.results;
		}

		boolean is(String result) {
			return !this.results.isEmpty() && this.results.get(this.results.size() - 1).equals(result);
		}

		void await(String result) {
			Awaitility.await().atMost(PATIENCE).until(() -> is(result));
		}

		boolean staysOnceItSucceeded() {
			return this.results.get(0).equals(REFUSED) && this.results.indexOf(OK) == this.results.size() - 1;
		}

		@Override
		public void close() {
			this.executor.shutdownNow();
		}

	}

	private static final class Anyone implements X509TrustManager {

		@Override
		public void checkClientTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public void checkServerTrusted(X509Certificate[] chain, String authType) {
		}

		@Override
		public X509Certificate[] getAcceptedIssuers() {
			return new X509Certificate[0];
		}

	}

}
