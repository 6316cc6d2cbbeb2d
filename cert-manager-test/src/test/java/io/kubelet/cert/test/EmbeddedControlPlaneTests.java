package io.kubelet.cert.test;

import java.io.IOException;
import java.net.BindException;
import java.net.ConnectException;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.HashSet;
import java.util.Iterator;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link EmbeddedControlPlane}: what a user meets first.
 *
 * @see EmbeddedControlPlane
 * @see ControlPlane
 * @see ControlPlaneAccess
 * @see Kubeconfig
 * @see Requests
 * @see RecordedRequest
 * @see io.kubelet.cert.test.http.HttpFrontEnd
 */
class EmbeddedControlPlaneTests {

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private final ApiClient client = new ApiClient(this.controlPlane, this.controlPlane.bootstrap());

	@Test
	void kubeletClientRequestIsApprovedAndSignedInFrontOfAWatch() throws Exception {
		JsonObject created = this.client.create(Csr.kubeletClient("n1"));
		try (Stream<String> events = this.client
			.watch("fieldSelector=metadata.name%3D" + ApiClient.name(created) + "&resourceVersion="
					+ Json.text(created, "metadata", "resourceVersion"))
			.body()) {
			assertThat(events.limit(2)).satisfiesExactly(
					(first) -> assertThat(first).contains("\"type\":\"MODIFIED\"").contains("AutoApproved"),
					(second) -> assertThat(second).contains("\"type\":\"MODIFIED\"").contains("\"certificate\":\""));
		}
		assertThat(this.controlPlane.openCertificateSigningRequests()).isEmpty();
		assertThat(this.controlPlane.certificateSigningRequests()).containsExactly(ApiClient.name(created));
	}

	@Test
	void requestsAreRecordedAndCounted() throws Exception {
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		this.client.get(ApiClient.CSRS + "/" + name);
		this.client.get(ApiClient.CSRS);
		this.client.watch("timeoutSeconds=1").body().toList();
		this.client.get("/version");
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
		assertThat(this.controlPlane.count(RecordedRequest::isGet)).isOne();
		assertThat(this.controlPlane.count(RecordedRequest::isList)).isOne();
		assertThat(this.controlPlane.count(RecordedRequest::isWatch)).isOne();
		assertThat(this.controlPlane.requests()).hasSize(5).first().satisfies((request) -> {
			assertThat(request.method()).isEqualTo("POST");
			assertThat(request.path()).isEqualTo(ApiClient.CSRS);
			assertThat(request.user()).isEqualTo("system:bootstrap:abcdef");
			assertThat(request.certificateSerial()).isNull();
			assertThat(request.status()).isEqualTo(201);
		});
		assertThat(this.controlPlane.connections()).isOne();
		this.controlPlane.clearRequests();
		assertThat(this.controlPlane.requests()).isEmpty();
	}

	@Test
	void nextTestFindsNothingOfTheLastOneAfterAReset() throws Exception {
		String before = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		this.controlPlane.behavior()
			.approval(ApprovalPolicy.denying("Policy", "not today"))
			.certificateLifetime(Duration.ofMinutes(1))
			.flaws(SignerFlaw.values());
		this.controlPlane.faults().next(5, RecordedRequest::isCreate).answer(503);
		this.controlPlane.pause();

		this.controlPlane.reset();

		assertThat(this.controlPlane.requests()).isEmpty();
		X509Certificate issued = this.client.issued(ApiClient.name(this.client.create(Csr.kubeletClient("n2")))).get(0);
		assertThat(issued.getSubjectX500Principal().getName()).contains("system:node:n2");
		assertThat(issued.getNotAfter()).isAfter(Instant.now().plus(Duration.ofDays(1)));
		assertThat(this.controlPlane.count(RecordedRequest::isCreate)).isOne();
		assertThat(this.controlPlane.certificateSigningRequests()).contains(before);
	}

	@Test
	void resetRestoresTheApprovalOfTheBuilderAndApprovesNothingBefore() throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().approval(ApprovalPolicy.manual()).start()) {
			ApiClient creator = new ApiClient(plane, plane.bootstrap());
			String name = ApiClient.name(creator.create(Csr.kubeletClient("n1")));
			plane.reset();
			// The controllers work in order
			String denied = ApiClient.name(creator.create(Csr.kubeletClient("n2")));
			plane.deny(denied, "Policy", "not today");
			assertThat(plane.openCertificateSigningRequests()).containsExactly(name);
		}
	}

	@Test
	void requestsAreDecidedAboutByHand() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		String approved = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		String denied = ApiClient.name(this.client.create(Csr.kubeletClient("n2")));
		String failed = ApiClient.name(this.client.create(Csr.kubeletClient("n3")));
		String deleted = ApiClient.name(this.client.create(Csr.kubeletClient("n4")));
		assertThat(this.controlPlane.openCertificateSigningRequests()).containsExactlyInAnyOrder(approved, denied,
				failed, deleted);
		this.controlPlane.approve(approved);
		this.controlPlane.deny(denied, "Policy", "not this one");
		this.controlPlane.fail(failed, "Broken", "no key");
		this.controlPlane.delete(deleted);
		await().untilAsserted(() -> assertThat(this.client.conditions(approved)).containsExactly("Approved", "Issued"));
		assertThat(this.client.conditions(denied)).containsExactly("Denied");
		assertThat(this.client.conditions(failed)).containsExactly("Failed");
		assertThat(this.controlPlane.certificateSigningRequests()).doesNotContain(deleted);
		assertThatIllegalArgumentException().isThrownBy(() -> this.controlPlane.approve("absent"))
			.withMessageContaining("\"absent\" not found");
	}

	@Test
	void deniedRequestIsNotApprovedAfterwards() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		this.controlPlane.deny(name, "Policy", "not this one");
		this.controlPlane.approve(name);
		assertThat(this.client.conditions(name)).containsExactly("Denied");
	}

	@Test
	void generatedNameThatIsTakenGivesWayToAnotherOne() throws Exception {
		Iterator<String> suffixes = List.of("taken", "taken", "taken", "other").iterator();
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().nameSuffixes(suffixes::next).start()) {
			ApiClient creator = new ApiClient(plane, plane.bootstrap());
			assertThat(ApiClient.name(creator.create(Csr.kubeletClient("n1")))).isEqualTo("csr-taken");
			assertThat(ApiClient.name(creator.create(Csr.kubeletClient("n1")))).isEqualTo("csr-other");
		}
	}

	@Test
	void eightGeneratedNamesAreTried() throws Exception {
		Iterator<String> suffixes = Collections.nCopies(9, "taken").iterator();
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.builder().nameSuffixes(suffixes::next).start()) {
			ApiClient creator = new ApiClient(plane, plane.bootstrap());
			creator.create(Csr.kubeletClient("n1"));
			HttpResponse<String> refused = creator.send("POST", ApiClient.CSRS, "application/json",
					Csr.kubeletClient("n1").body().toString());
			assertThat(suffixes).isExhausted();
			assertThat(refused.statusCode()).isEqualTo(409);
			assertThat(refused.headers().firstValue("Retry-After")).contains("1");
			assertThat(Json.text(ApiClient.json(refused), "message")).isEqualTo(
					"certificatesigningrequests.certificates.k8s.io \"csr-taken\" already exists, the server was "
							+ "not able to generate a unique name for the object");
		}
	}

	@Test
	void pausedServerRefusesConnectionsAndComesBackWithWhatItHad() throws Exception {
		String name = ApiClient.name(this.client.create(Csr.kubeletClient("n1")));
		this.controlPlane.pause();
		assertThatExceptionOfType(ConnectException.class).isThrownBy(() -> this.client.get("/version"));
		this.controlPlane.resume();
		assertThat(ApiClient.name(this.client.get(ApiClient.CSRS + "/" + name))).isEqualTo(name);
	}

	@Test
	void nobodyElseGetsThePortOfAPausedServer() throws Exception {
		EmbeddedControlPlane other = EmbeddedControlPlane.start();
		int port = URI.create(other.url()).getPort();
		other.pause();
		try (ServerSocket socket = new ServerSocket()) {
			socket.setReuseAddress(false);
			assertThatExceptionOfType(BindException.class)
				.isThrownBy(() -> socket.bind(new InetSocketAddress("127.0.0.1", port)));
			other.resume();
			other.pause();
			other.close();
			socket.bind(new InetSocketAddress("127.0.0.1", port));
		}
	}

	@Test
	void pauseCutsOpenWatches() throws Exception {
		Stream<String> events = this.client.watch("").body();
		this.controlPlane.pause();
		assertThatExceptionOfType(java.io.UncheckedIOException.class).isThrownBy(events::toList);
		assertThat(this.controlPlane.openWatches()).isZero();
	}

	@Test
	void closeEndsConnectionsAndThreads() throws Exception {
		Set<Thread> before = new HashSet<>(Thread.getAllStackTraces().keySet());
		EmbeddedControlPlane other = EmbeddedControlPlane.start();
		ApiClient otherClient = new ApiClient(other, other.bootstrap());
		Stream<String> events = otherClient.watch("").body();
		other.close();
		other.close();
		assertThatExceptionOfType(java.io.UncheckedIOException.class).isThrownBy(events::toList);
		assertThatIOException().isThrownBy(() -> otherClient.get("/version"));
		await().untilAsserted(() -> {
			Set<Thread> left = new HashSet<>(Thread.getAllStackTraces().keySet());
			left.removeAll(before);
			assertThat(left).extracting(Thread::getName)
				.noneMatch((name) -> name.startsWith("embedded-control-plane") || name.startsWith("HTTP-Dispatcher")
						|| name.startsWith("server-timer"));
		});
	}

	/** It would accept requests that nobody approves. */
	@Test
	void closedControlPlaneIsNotOpenedAgain() {
		EmbeddedControlPlane other = EmbeddedControlPlane.start();
		other.close();
		assertThatIllegalStateException().isThrownBy(other::resume);
		assertThatIllegalStateException().isThrownBy(other::reset);
		assertThatIOException().isThrownBy(() -> new ApiClient(other, other.bootstrap()).get("/version"));
	}

	@Test
	void allThreadsAreDaemons() throws Exception {
		this.client.get("/version");
		assertThat(Thread.getAllStackTraces().keySet())
			.filteredOn((thread) -> thread.getName().startsWith("embedded-control-plane")
					|| thread.getName().startsWith("HTTP-Dispatcher"))
			.isNotEmpty()
			.allMatch(Thread::isDaemon);
	}

	@Test
	void kubeconfigSaysWhereAndWho(@TempDir Path directory) throws IOException {
		Path bootstrap = this.controlPlane.writeKubeconfig(directory.resolve("new"));
		assertThat(bootstrap).hasFileName("bootstrap.kubeconfig")
			.content()
			.contains("server: " + this.controlPlane.url(), "token: abcdef.0123456789abcdef",
					"certificate-authority-data: " + Pem.encode(this.controlPlane.caPem()));
		ClientCertificate node = this.controlPlane.issueClientCertificate("system:node:n1", "system:nodes");
		Path file = this.controlPlane.writeKubeconfig(directory, node);
		assertThat(file).hasFileName("system-node-n1.kubeconfig");
		assertThat(Files.readString(file)).contains("client-certificate-data: " + Pem.encode(node.certificatePem()),
				"client-key-data: " + Pem.encode(node.keyPem()));
	}

	@Test
	void credentialsDoNotShowTheirSecrets() {
		assertThat(this.controlPlane.bootstrap()).hasToString("Token[bootstrap]");
		assertThat(this.controlPlane.issueClientCertificate("app")).hasToString("ClientCertificate[app]");
	}

	@Test
	void plainUseNeedsNeitherSpringNorJUnit() throws Exception {
		Path classes = Path.of(EmbeddedControlPlane.class.getProtectionDomain().getCodeSource().getLocation().toURI());
		try (Stream<Path> files = Files.walk(classes.resolve("io/kubelet/cert/test"))) {
			List<Path> plain = files.filter((file) -> file.toString().endsWith(".class"))
				.filter((file) -> !file.toString().contains("spring"))
				.toList();
			assertThat(plain).hasSizeGreaterThan(40).allSatisfy((file) -> {
				String constants = new String(Files.readAllBytes(file), java.nio.charset.StandardCharsets.ISO_8859_1);
				assertThat(constants).doesNotContain("org/springframework", "org/junit");
			});
		}
	}

}
