package io.kubelet.cert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Stream;

import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Behavior;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.RisingTimeout;
import io.kubelet.cert.testsupport.ShopAccount;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.CustomObjectsApi;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static io.kubelet.cert.EndToEndClient.served;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * A whole application whose certificate an issuer of cert-manager issues, with what the
 * README shows. It runs on an embedded control plane, or, with the profile
 * {@code real-cluster}, on a real cert-manager. There, an administrator's kubeconfig
 * ({@code -Dadmin.kubeconfig}) is needed to add an issuer.
 *
 * @see io.kubelet.cert.kubernetes.internal.signing.CertManagerRequests
 */
@ExtendWith(OutputCaptureExtension.class)
class CertManagerEndToEndTests {

	private static final String GROUP = "cert-manager.io";

	private final String run = UUID.randomUUID().toString().substring(0, 8);

	@TempDir
	Path directory;

	private EndToEndCluster cluster;

	private List<Object> before = List.of();

	@BeforeEach
	void open() throws Exception {
		this.cluster = EndToEndCluster.open((embedded) -> {
			embedded.certManager().clusterIssuer("internal");
			return ShopAccount.writeKubeconfig(embedded, this.directory);
		});
		try {
			this.before = requests();
		}
		catch (ApiException ex) {
			EndToEndCluster.skip("the user of the kubeconfig cannot list certificaterequests of cert-manager.io/v1 "
					+ "in the namespace shop: " + ex.getCode());
		}
	}

	@AfterEach
	void close() {
		if (this.cluster != null) {
			this.cluster.close();
		}
	}

	/** Only where the files and the kubeconfig are differs from the README. */
	@Test
	void rotationsOfTheExampleOfTheReadmeLeaveNothingBehind() throws Exception {
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.rotation.forced-interval=0s")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			assertThat(trusted(context)).isEqualTo(stored().authorities()).hasSize(1);
			stored().leaf().verify(trusted(context).get(0).getPublicKey());
			int rotations = (this.cluster.embedded() != null) ? 10 : 50;
			String first = served(context);
			Load.during(rotations, () -> served(context), () -> manager.rotate().get(2, TimeUnit.MINUTES));
			awaitNoRequest();
			assertThat(manager.status().rotations().count()).isEqualTo(rotations + 1);
			assertThat(served(context)).isEqualTo(stored().serialNumber()).isNotEqualTo(first);
			if (this.cluster.embedded() != null) {
				assertNewAuthorityTakesEffectWithTheRotationThatBringsIt(context, this.cluster.embedded());
			}
		}
		if (this.cluster.embedded() != null) {
			// A restart needs no API server
			this.cluster.embedded().pause();
			try (ConfigurableApplicationContext context = run("internal")) {
				assertThat(trusted(context)).isEqualTo(stored().authorities());
			}
		}
	}

	/** For the overlap, the old one is trusted as well. */
	private void assertNewAuthorityTakesEffectWithTheRotationThatBringsIt(ConfigurableApplicationContext context,
			EmbeddedControlPlane plane) throws Exception {
		List<X509Certificate> first = trusted(context);
		plane.certManager().removeClusterIssuer("internal").clusterIssuer("internal");
		assertThat(trusted(context)).isEqualTo(first);
		context.getBean(CertificateManager.class).rotate().get(2, TimeUnit.MINUTES);
		Awaitility.await()
			.untilAsserted(() -> assertThat(trusted(context)).hasSize(2)
				.containsAll(first)
				.containsAll(stored().authorities()));
	}

	@Test
	void authorityOfTheIssuerIsSuggestedIfTheBundleDoesNotTrustIt(CapturedOutput output) throws Exception {
		run("internal", "--kubelet.cert.ssl.trust=cluster").close();
		assertThat(output).containsPattern("peers with certificates of the same signer \\('.*'\\) are refused. "
				+ "If that is not intended, set 'kubelet.cert.ssl.trust' to 'issuer'");
	}

	static Set<Map.Entry<String, Consumer<Behavior>>> failures() {
		return Map
			.<String, Consumer<Behavior>>of("kubelet.cert.ssl.trust",
					(behavior) -> behavior.flaws(SignerFlaw.NO_AUTHORITY),
					"the authority that came with it did not issue it",
					(behavior) -> behavior.flaws(SignerFlaw.ANOTHER_AUTHORITY),
					"Have the request approved. cert-manager does that by default, so make sure that it runs",
					(behavior) -> behavior.approval(ApprovalPolicy.manual()))
			.entrySet();
	}

	@ParameterizedTest
	@MethodSource("failures")
	void startFailsWithoutTheAuthorityAndWithoutAnApproval(Map.Entry<String, Consumer<Behavior>> failure,
			CapturedOutput output) {
		failure.getValue().accept(this.cluster.requireEmbedded().behavior());
		RisingTimeout.from(Duration.ofMillis(500), (timeout) -> {
			assertThatException()
				.isThrownBy(() -> run("internal", "--kubelet.cert.startup.timeout=" + timeout).close());
			assertThat(output).contains("APPLICATION FAILED TO START", failure.getKey())
				.doesNotContain("kubectl get csr", "NullPointer");
		});
	}

	@Test
	void issuerThatDoesNotExistIsNamedAndTheSameRequestIsResumed(CapturedOutput output) throws Exception {
		String issuer = "absent-" + this.run;
		RisingTimeout.from(Duration.ofSeconds(1),
				(timeout) -> assertThatException()
					.isThrownBy(() -> run(issuer, "--kubelet.cert.startup.timeout=" + timeout).close())
					.withStackTraceContaining("\"" + issuer + "\" not found"));
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("is approved and waiting for its signature (Referenced \"ClusterIssuer\" not found: "
					+ "clusterissuer.cert-manager.io \"" + issuer + "\" not found): see 'kubectl describe "
					+ "certificaterequest --namespace shop shop-")
			.contains("The request is approved, but not signed: Referenced \"ClusterIssuer\" not found: "
					+ "clusterissuer.cert-manager.io \"" + issuer + "\" not found. Correct 'kubelet.cert.issuer.name' ("
					+ issuer + ") and 'kubelet.cert.issuer.kind' (ClusterIssuer) if they are wrong; otherwise, ",
					"make sure that the signer or issuer exists")
			.doesNotContain("Have the request approved");
		List<Object> pending = requests();
		assertThat(pending).hasSize(this.before.size() + 1);
		try (ConfigurableApplicationContext context = run(issuer, "--kubelet.cert.startup.mode=background")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().untilAsserted(() -> assertThat(manager.status().pendingRequest()).isNotNull());
			assertThat(requests()).isEqualTo(pending);
			assertThat(manager.status().pendingRequest().message()).contains("\"" + issuer + "\" not found");
			addIssuer(issuer);
			Awaitility.await().untilAsserted(() -> assertThat(manager.current()).isPresent());
			awaitNoRequest();
		}
	}

	/** The approver of a real cluster approves everything. */
	@Test
	void denialIsReportedAndItsRequestDeleted(CapturedOutput output) throws Exception {
		this.cluster.requireEmbedded()
			.behavior()
			.approval(ApprovalPolicy.denying("policy", "these names are not yours"));
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.startup.mode=background")) {
			Awaitility.await()
				.untilAsserted(() -> assertThat(output).contains("was denied: these names are not yours"));
			awaitNoRequest();
			assertThat(context.getBean(CertificateManager.class).current()).isEmpty();
		}
	}

	/** The UIDs of the requests in the namespace. */
	@SuppressWarnings("unchecked")
	private List<Object> requests() throws ApiException {
		Map<String, Object> list = (Map<String, Object>) new CustomObjectsApi(
				TestClients.create(this.cluster.kubeconfig()))
			.listNamespacedCustomObject(GROUP, "v1", "shop", "certificaterequests")
			.execute();
		return ((List<Map<String, Map<String, Object>>>) list.get("items")).stream()
			.map((request) -> request.get("metadata").get("uid"))
			.toList();
	}

	private void awaitNoRequest() {
		Awaitility.await().untilAsserted(() -> assertThat(requests()).isEqualTo(this.before));
	}

	private void addIssuer(String name) throws ApiException {
		if (this.cluster.embedded() != null) {
			this.cluster.embedded().certManager().clusterIssuer(name);
			return;
		}
		Path administrator = EndToEndCluster.file("admin.kubeconfig", "an administrator");
		new CustomObjectsApi(TestClients.create(administrator))
			.createClusterCustomObject(GROUP, "v1", "clusterissuers",
					Map.of("apiVersion", GROUP + "/v1", "kind", "ClusterIssuer", "metadata", Map.of("name", name),
							"spec", Map.of("ca", Map.of("secretName", "internal-ca"))))
			.execute();
	}

	private ConfigurableApplicationContext run(String issuer, String... further) throws IOException {
		Path yaml = Files.writeString(this.directory.resolve("application.yml"),
				Markdown.of("README.md")
					.blocks("yaml")
					.map(Markdown.Block::content)
					.filter((block) -> block.contains("issuer:"))
					.findFirst()
					.orElseThrow());
		return new SpringApplicationBuilder(Application.class).run(Stream
			.concat(Stream.of("--server.port=0", "--spring.config.additional-location=" + yaml,
					"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "--kubelet.cert.issuer.name=" + issuer,
					"--kubelet.cert.kubernetes.kubeconfig=" + this.cluster.kubeconfig()), Stream.of(further))
			.toArray(String[]::new));
	}

	private CertificatePair stored() throws Exception {
		return Pem.readPair(Files.readString(this.directory.resolve("pki/shop-current.pem")));
	}

	private static List<X509Certificate> trusted(ConfigurableApplicationContext context) {
		SslManagerBundle managers = context.getBean(SslBundles.class).getBundle("shop").getManagers();
		return List.of(((X509TrustManager) managers.getTrustManagers()[0]).getAcceptedIssuers());
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
