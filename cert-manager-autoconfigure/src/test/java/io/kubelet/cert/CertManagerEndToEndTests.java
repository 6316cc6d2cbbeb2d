package io.kubelet.cert;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.Behavior;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.jetty.autoconfigure.servlet.JettyServletWebServerAutoConfiguration;
import org.springframework.boot.ssl.SslBundles;
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
 * {@code real-cluster}, on a real cert-manager.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertManagerEndToEndTests {

	private static final Duration PATIENCE = Duration.ofMinutes(2);

	private final String run = UUID.randomUUID().toString().substring(0, 8);

	@TempDir
	Path directory;

	private CertManagerCluster cluster;

	private List<Object> before = List.of();

	@BeforeEach
	void open() throws Exception {
		this.cluster = CertManagerCluster.open(this.directory);
		this.before = this.cluster.requests();
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
			int served = Load.during(rotations, () -> served(context),
					() -> manager.rotate().get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
			Figures.report("HTTPS requests during " + rotations + " rotations with cert-manager",
					served + ", of which 0 failed");
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEqualTo(this.before));
			assertThat(manager.status().rotations().count()).isEqualTo(rotations + 1);
			assertThat(served(context)).isEqualTo(stored().serialNumber()).isNotEqualTo(first);
			if (this.cluster.embedded() != null) {
				assertFewRequests(this.cluster.embedded());
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

	private static void assertFewRequests(EmbeddedControlPlane plane) {
		int certificates = plane.count(RecordedRequest::isCreate);
		int requests = plane
			.count((request) -> request.isCreate() || request.isWatch() || request.isDelete() || request.isGet());
		Figures.report("rotations with cert-manager",
				"%d requests to the API server for %d certificates".formatted(requests, certificates));
		assertThat(requests).isLessThanOrEqualTo(3 * certificates);
	}

	/** For the overlap, the old one is trusted as well. */
	private void assertNewAuthorityTakesEffectWithTheRotationThatBringsIt(ConfigurableApplicationContext context,
			EmbeddedControlPlane plane) throws Exception {
		List<X509Certificate> first = trusted(context);
		plane.certManager().removeClusterIssuer("internal").clusterIssuer("internal");
		assertThat(trusted(context)).isEqualTo(first);
		context.getBean(CertificateManager.class).rotate().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
		Awaitility.await()
			.untilAsserted(() -> assertThat(trusted(context)).hasSize(2)
				.containsAll(first)
				.containsAll(stored().authorities()));
	}

	@ParameterizedTest
	@CsvSource({ "NO_AUTHORITY, kubelet.cert.ssl.trust",
			"ANOTHER_AUTHORITY, the authority that came with it did not issue it",
			", somebody approves the request: see 'kubectl get certificaterequest'" })
	void startFailsWithoutTheAuthorityAndWithoutAnApproval(@Nullable SignerFlaw flaw, String report,
			CapturedOutput output) {
		if (this.cluster.embedded() != null) {
			Behavior behavior = this.cluster.embedded().behavior();
			if (flaw != null) {
				behavior.flaws(flaw);
			}
			else {
				behavior.approval(ApprovalPolicy.manual());
			}
			RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
				assertThatException()
					.isThrownBy(() -> run("internal", "--kubelet.cert.startup.timeout=" + timeout).close());
				assertThat(output).contains("APPLICATION FAILED TO START", report)
					.doesNotContain("kubectl get csr", "NullPointer");
			});
		}
	}

	@Test
	void issuerThatDoesNotExistIsNamedAndTheSameRequestIsResumed(CapturedOutput output) throws Exception {
		String issuer = "absent-" + this.run;
		RisingTimeout.from(Duration.ofSeconds(2),
				(timeout) -> assertThatException()
					.isThrownBy(() -> run(issuer, "--kubelet.cert.startup.timeout=" + timeout).close())
					.withStackTraceContaining("\"" + issuer + "\" not found"));
		assertThat(output).contains("APPLICATION FAILED TO START")
			.contains("is approved and waiting for its signature (Referenced \"ClusterIssuer\" not found: "
					+ "clusterissuer.cert-manager.io \"" + issuer + "\" not found): see 'kubectl describe "
					+ "certificaterequest shop-")
			.contains("Make sure that there is issuer 'ClusterIssuer/" + issuer + "' (from kubelet.cert.issuer.name) "
					+ "in the cluster, or set 'kubelet.cert.issuer.name' to one that there is");
		List<Object> pending = this.cluster.requests();
		assertThat(pending).hasSize(this.before.size() + 1);
		try (ConfigurableApplicationContext context = run(issuer, "--kubelet.cert.startup.mode=background")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().untilAsserted(() -> assertThat(manager.status().pendingRequest()).isNotNull());
			assertThat(this.cluster.requests()).isEqualTo(pending);
			assertThat(manager.status().pendingRequest().message()).contains("\"" + issuer + "\" not found");
			this.cluster.addIssuer(issuer);
			Awaitility.await().untilAsserted(() -> assertThat(manager.current()).isPresent());
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEqualTo(this.before));
		}
	}

	@Test
	void denialIsReportedAndItsRequestDeleted(CapturedOutput output) throws Exception {
		if (this.cluster.embedded() != null) {
			this.cluster.embedded().behavior().approval(ApprovalPolicy.manual());
		}
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.startup.mode=background")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().until(() -> manager.status().pendingRequest() != null || manager.current().isPresent());
			if (manager.current().isPresent()) {
				EndToEndCluster.skip("the approver of the cluster approves everything");
			}
			this.cluster.deny(manager.status().pendingRequest().name(), "these names are not yours");
			Awaitility.await()
				.untilAsserted(() -> assertThat(output).contains("was denied: these names are not yours"));
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEqualTo(this.before));
		}
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

	private static List<X509Certificate> trusted(ConfigurableApplicationContext context) throws Exception {
		KeyStore trust = context.getBean(SslBundles.class).getBundle("shop").getStores().getTrustStore();
		List<X509Certificate> trusted = new ArrayList<>();
		for (String alias : Collections.list(trust.aliases())) {
			trusted.add((X509Certificate) trust.getCertificate(alias));
		}
		return trusted;
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
