package io.kubelet.cert.autoconfigure.kubelet;

import java.math.BigInteger;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.autoconfigure.ssl.KubernetesApiClientAutoConfiguration;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus.State;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestNode;
import io.kubelet.cert.testsupport.TestStore;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * From a bootstrap token to certificates that rotate.
 *
 * @see io.kubelet.cert.autoconfigure.KubernetesConnection
 * @see NodeKubeconfig
 */
class NodeBootstrapTests extends ClusterFixture {

	private static final String NODE = "system:node:n1";

	private static final String TOKEN_USER = "system:bootstrap:abcdef";

	private Path kubeconfig() {
		return this.directory.resolve("kubelet.kubeconfig");
	}

	private ApplicationContextRunner runner() {
		return node().withPropertyValues("kubelet.cert.rotation.forced-interval=0s",
				"kubelet.cert.kubernetes.bootstrap-kubeconfig="
						+ this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.bootstrap()),
				"kubelet.cert.kubernetes.kubeconfig=" + kubeconfig());
	}

	@Test
	void wholeRoadFromTheTokenToBothCertificatesRotatedTwice() throws Exception {
		TestNode node = new TestNode(this.controlPlane, this.directory, "n1");
		node.create("InternalIP=10.0.0.1", "Hostname=n1");
		runner()
			.withPropertyValues("kubelet.cert.profile=kubelet-client", "kubelet.cert.node-name=n1",
					"kubelet.cert.additional.serving.profile=kubelet-serving")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				CertificateManager client = context.getBean(CertificateManagers.class).get("kubelet-client");
				CertificateManager serving = context.getBean(CertificateManagers.class).get("kubelet-server");
				assertThat(kubeconfig()).content().contains("kubelet-client-current.pem");
				assertThat(addresses(serving)).containsExactly("10.0.0.1");
				node.readdress("InternalIP=10.0.0.1", "InternalIP=10.0.0.2", "Hostname=n1");
				Awaitility.await()
					.untilAsserted(() -> assertThat(addresses(serving)).containsExactly("10.0.0.1", "10.0.0.2"));
				String first = client.current().orElseThrow().serialNumber();
				String second = client.rotate().get(120, TimeUnit.SECONDS).serialNumber();
				client.rotate().get(120, TimeUnit.SECONDS);
				serving.rotate().get(120, TimeUnit.SECONDS);
				assertThat(serving.status().rotations().count()).isEqualTo(3);
				assertThat(creates()).extracting(RecordedRequest::user)
					.containsExactly(TOKEN_USER, NODE, NODE, NODE, NODE, NODE);
				assertThat(creates().subList(3, 5)).as("each with the certificate that is current then")
					.extracting((create) -> new BigInteger(String.valueOf(create.certificateSerial()), 16))
					.containsExactly(new BigInteger(first, 16), new BigInteger(second, 16));
				assertThat(this.controlPlane.certificateSigningRequests())
					.anyMatch((name) -> name.matches("node-csr-[A-Za-z0-9_-]{43}"));
				assertThat(this.controlPlane.openCertificateSigningRequests()).isEmpty();
				assertThat(this.controlPlane.requests()
					.stream()
					.filter((request) -> request.path().endsWith("/nodes"))
					.filter((request) -> request.query().contains("n1"))).extracting(RecordedRequest::user)
					.isNotEmpty()
					.containsOnly(NODE);
			});
		Awaitility.await()
			.untilAsserted(() -> assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
				.noneMatch((thread) -> thread.startsWith("certificate-requests-")));
	}

	/** The bootstrap token asks for the certificate of the node, and for no other. */
	@Test
	void furtherCertificatesWaitForTheNodesOwn() throws Exception {
		Instant now = Instant.now();
		OffsetClock clock = new OffsetClock();
		this.controlPlane.behavior().certificateLifetime(Duration.ofDays(1));
		ClientCertificate own = this.controlPlane.issueClientCertificate(now, now.plusSeconds(7200), NODE,
				"system:nodes");
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(pki.resolve("kubelet-client-current.pem"), own.certificatePem() + own.keyPem());
		runner().withBean("certificateClock", Clock.class, () -> clock)
			.withPropertyValues("kubelet.cert.profile=kubelet-client", "kubelet.cert.node-name=n1",
					"kubelet.cert.additional.serving.profile=kubelet-serving",
					"kubelet.cert.additional.serving.template.ip-addresses=10.0.0.1")
			.run((context) -> {
				CertificateManager client = context.getBean(CertificateManagers.class).get("kubelet-client");
				CertificateManager serving = context.getBean(CertificateManagers.class).get("kubelet-server");
				this.controlPlane.behavior().approval(ApprovalPolicy.manual());
				clock.set(Duration.ofHours(3));
				assertThat(client.current()).isEmpty();
				// The first call may join the rotation that has just made the certificate
				// current
				Awaitility.await()
					.untilAsserted(() -> assertThatException()
						.isThrownBy(() -> serving.rotate().get(120, TimeUnit.SECONDS))
						.withMessageContaining("there is no valid certificate 'kubelet-client' to authenticate with"));
				this.controlPlane.behavior().approval(ApprovalPolicy.approving());
				client.rotate().get(120, TimeUnit.SECONDS);
				serving.rotate().get(120, TimeUnit.SECONDS);
				assertThat(creates()).extracting(RecordedRequest::user).containsExactly(NODE, TOKEN_USER, NODE);
			});
	}

	@Test
	void kubeconfigOfTheNodeIsEnoughOnceItIsThere() {
		runner().run((context) -> assertThat(context).hasNotFailed());
		runner().withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("empty"))
			.run((context) -> assertThat(context).hasNotFailed());
		assertThat(creates()).extracting(RecordedRequest::user).containsExactly(TOKEN_USER, NODE);
	}

	@Test
	void expiredCertificateFallsBackToTheBootstrapCredentials() {
		Instant now = Instant.now();
		TestStore.files(this.directory.resolve("pki"), "kubelet-client", null, 5, Clock.systemUTC())
			.update(new TestAuthority("other").pair(CertificateTemplate.ofSubject(NODE, "system:nodes"),
					now.minusSeconds(7200), now.minusSeconds(60)));
		runner().run((context) -> {
			assertThat(context.getBean(CertificateManager.class).current()).isPresent();
			assertThat(creates()).extracting(RecordedRequest::user).containsExactly(TOKEN_USER);
		});
	}

	@Test
	void withRotationOffThereIsOneRequestAndItIsTheSameAfterARestart() throws Exception {
		this.controlPlane.behavior().approval(ApprovalPolicy.manual());
		runner().withPropertyValues("kubelet.cert.rotate-certificates=false", "kubelet.cert.startup.mode=background")
			.run((context) -> Awaitility.await()
				.until(() -> context.getBean(CertificateManager.class).status().pendingRequest(),
						(open) -> open != null && open.createdAt() != null));
		this.controlPlane.approve(this.controlPlane.openCertificateSigningRequests().get(0));
		runner().withPropertyValues("kubelet.cert.rotate-certificates=false").run((context) -> {
			assertThat(context).hasNotFailed();
			assertThat(context.getBean(CertificateManager.class).status()).satisfies((status) -> {
				assertThat(status.state()).isEqualTo(State.STATIC);
				assertThat(status.schedule().deadline()).isNull();
			});
		});
		assertThat(creates()).extracting(RecordedRequest::status).containsExactly(201, 409);
		assertThat(this.controlPlane.certificateSigningRequests()).hasSize(1);
	}

	@ParameterizedTest
	@ValueSource(strings = { "trust=cluster", "trust-config-map=kube-root-ca.crt" })
	void contextOfTheBootstrapKubeconfigIsNotLookedForInTheOneThatIsWritten(String trust) {
		this.controlPlane.allow(NODE, Set.of("list", "watch"), "configmaps", "kube-root-ca.crt");
		runner().withConfiguration(AutoConfigurations.of(KubernetesApiClientAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.kubernetes.context=embedded", "kubelet.cert.ssl." + trust,
					"kubelet.cert.kubernetes.api-client.enabled=true")
			.run((context) -> {
				assertThat(context).hasNotFailed();
				assertThat(kubeconfig()).content().doesNotContain("embedded");
				SslBundle bundle = context.getBean(SslBundles.class).getBundle("kubelet-client");
				assertThat(Objects.requireNonNull(bundle.getStores().getTrustStore()).size()).isOne();
				new AuthenticationV1Api(context.getBean(ApiClient.class))
					.createSelfSubjectReview(new V1SelfSubjectReview())
					.execute();
				assertThat(this.controlPlane.requests()).filteredOn((request) -> request.path().contains("configmaps"))
					.extracting(RecordedRequest::user)
					.doesNotContain(TOKEN_USER)
					.hasSizeGreaterThanOrEqualTo(trust.contains("config-map") ? 1 : 0);
			});
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			token: s3cr3t | x
			tokenFile: s3cr3t | x
			exec: {command: s3cr3t} | x
			client-key: none | other
			client-certificate: c.pem}}, {name: v, user: {token: s3cr3t | x
			""")
	void kubeconfigOfSomeoneElseIsNotReplaced(String user, String other) throws Exception {
		Files.writeString(kubeconfig(), """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "%s"}}]
				users: [{name: u, user: {%s}}]
				contexts: [{name: x, context: {cluster: c, user: u}}%s]
				current-context: x
				""".formatted(this.controlPlane.url(), user,
				other.equals("x") ? "" : ", {name: other, context: {cluster: c, user: u}}"));
		String before = Files.readString(kubeconfig());
		runner().run((context) -> assertThat(context.getStartupFailure())
			.hasStackTraceContaining("kubelet.cert.kubernetes.kubeconfig with value '" + kubeconfig())
			.hasStackTraceContaining("which would be lost. Name a file that does not exist yet")
			.satisfies((failure) -> assertThat(failure).asString().doesNotContain("s3cr3t")));
		assertThat(kubeconfig()).hasContent(before);
	}

	/** kubeadm deletes it once the node has joined. */
	@ParameterizedTest
	@ValueSource(strings = { "kept", "moved", "damaged" })
	void bootstrapKubeconfigIsNotNeededWhereTheStoreHasAGoodPair(String pair) throws Exception {
		runner().run((context) -> context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS));
		Path current = this.directory.resolve("pki/kubelet-client-current.pem");
		if (pair.equals("damaged")) {
			Files.writeString(current, "garbage");
		}
		if (pair.equals("moved")) {
			Files.move(current, current.resolveSibling("kubelet-client-updated.pem"));
		}
		runner().withPropertyValues("kubelet.cert.kubernetes.bootstrap-kubeconfig=/nowhere/bootstrap")
			.run((context) -> context.getBean(CertificateManager.class).rotate().get(120, TimeUnit.SECONDS));
		assertThat(creates()).extracting(RecordedRequest::user).containsExactly(TOKEN_USER, NODE, NODE);
	}

	private static List<String> addresses(CertificateManager manager) {
		return CertificateTemplate.of(manager.current().orElseThrow().leaf())
			.ipAddresses()
			.stream()
			.map(InetAddress::getHostAddress)
			.toList();
	}

	private List<RecordedRequest> creates() {
		return this.controlPlane.requests().stream().filter(RecordedRequest::isCreate).toList();
	}

}
