package io.kubelet.cert;

import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.KeyStoreException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.test.SignerFlaw;
import io.kubelet.cert.testsupport.Figures;
import io.kubelet.cert.testsupport.Load;
import io.kubelet.cert.testsupport.Markdown;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

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

	private List<String> before = List.of();

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

	@Test
	void rotationsLeaveNothingBehind() throws Exception {
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.ssl.trust=issuer",
				"--kubelet.cert.rotation.forced-interval=0s")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			int rotations = (this.cluster.embedded() != null) ? 10 : 50;
			String first = served(context);
			int served = Load.during(rotations, () -> served(context),
					() -> manager.rotate().get(PATIENCE.toSeconds(), TimeUnit.SECONDS));
			Figures.report("HTTPS requests during " + rotations + " rotations with cert-manager",
					served + ", of which 0 failed");
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEqualTo(this.before));
			assertThat(manager.status().rotations().count()).isEqualTo(rotations + 1);
			assertThat(served(context)).isEqualTo(stored().serialNumber()).isNotEqualTo(first);
			report(rotations + " rotations");
		}
	}

	private void report(String what) {
		if (this.cluster.embedded() != null) {
			long ours = this.cluster.embedded()
				.requests()
				.stream()
				.filter((request) -> request.isCreate() || request.isWatch() || request.isDelete() || request.isGet())
				.count();
			Figures.report(what + " with cert-manager", "%d requests to the API server for %d certificates"
				.formatted(ours, this.cluster.embedded().count(RecordedRequest::isCreate)));
			assertThat(ours).isLessThanOrEqualTo(3L * this.cluster.embedded().count(RecordedRequest::isCreate));
		}
	}

	/** Only where the files and the kubeconfig are differs from the README. */
	@Test
	void exampleOfTheReadmeWorksWordForWord() throws Exception {
		Path yaml = this.directory.resolve("application.yml");
		Files.writeString(yaml,
				Markdown.of("README.md")
					.blocks("yaml")
					.map(Markdown.Block::content)
					.filter((block) -> block.contains("issuer:"))
					.findFirst()
					.orElseThrow());
		try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class).run(
				"--server.port=0", "--spring.config.additional-location=" + yaml,
				"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
				"--kubelet.cert.kubernetes.kubeconfig=" + this.cluster.kubeconfig())) {
			assertThat(served(context)).isEqualTo(stored().serialNumber());
			assertThat(trusted(context)).isEqualTo(stored().authorities()).hasSize(1);
			context.getBean(CertificateManager.class).rotate().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
			assertThat(served(context)).isEqualTo(stored().serialNumber());
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEqualTo(this.before));
		}
	}

	@Test
	void bundleTrustsTheAuthorityThatCameWithTheCertificate() throws Exception {
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.ssl.trust=issuer")) {
			assertThat(trusted(context)).hasSize(1).isEqualTo(stored().authorities());
			stored().leaf().verify(trusted(context).get(0).getPublicKey());
		}
		if (this.cluster.embedded() != null) {
			// A restart needs no API server
			this.cluster.embedded().pause();
			try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.ssl.trust=issuer")) {
				assertThat(trusted(context)).isEqualTo(stored().authorities());
			}
		}
	}

	@Test
	void newAuthorityTakesEffectWithTheRotationThatBringsIt() throws Exception {
		if (this.cluster.embedded() == null) {
			return;
		}
		try (ConfigurableApplicationContext context = run("internal", "--kubelet.cert.ssl.trust=issuer")) {
			List<X509Certificate> first = trusted(context);
			this.cluster.embedded().certManager().removeClusterIssuer("internal").clusterIssuer("internal");
			assertThat(trusted(context)).isEqualTo(first);
			context.getBean(CertificateManager.class).rotate().get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
			// For the overlap, the old one is trusted as well
			Awaitility.await()
				.untilAsserted(() -> assertThat(trusted(context)).hasSize(2)
					.containsAll(first)
					.containsAll(stored().authorities()));
		}
	}

	@Test
	void issuerWithoutAuthorityIsReportedAtTheStart() {
		if (this.cluster.embedded() != null) {
			this.cluster.embedded().behavior().flaws(SignerFlaw.NO_AUTHORITY);
			assertThatException().isThrownBy(() -> run("internal", "--kubelet.cert.ssl.trust=issuer").close())
				.havingRootCause()
				.withMessageContaining("kubelet.cert.ssl.trust")
				.satisfies((failure) -> assertThat(failure).asString().doesNotContain("NullPointer"));
		}
	}

	@Test
	void certificateOfAnotherAuthorityThanTheReportedIsRefused(CapturedOutput output) {
		if (this.cluster.embedded() != null) {
			this.cluster.embedded().behavior().flaws(SignerFlaw.ANOTHER_AUTHORITY);
			assertThatException().isThrownBy(() -> run("internal").close())
				.withStackTraceContaining("the authority that came with it did not issue it");
		}
	}

	@Test
	void requestThatNobodyApprovesIsToBeApprovedWithCertManagersTools(CapturedOutput output) {
		if (this.cluster.embedded() != null) {
			this.cluster.embedded().behavior().approval(ApprovalPolicy.manual());
			RisingTimeout.from(Duration.ofSeconds(1), (timeout) -> {
				assertThatException()
					.isThrownBy(() -> run("internal", "--kubelet.cert.startup.timeout=" + timeout).close());
				assertThat(output).contains("somebody approves the request: see 'kubectl get certificaterequest'")
					.doesNotContain("kubectl get csr");
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
		List<String> pending = this.cluster.uids();
		assertThat(pending).hasSize(this.before.size() + 1);
		try (ConfigurableApplicationContext context = run(issuer, "--kubelet.cert.startup.mode=background")) {
			CertificateManager manager = context.getBean(CertificateManager.class);
			Awaitility.await().untilAsserted(() -> assertThat(manager.status().pendingRequest()).isNotNull());
			assertThat(this.cluster.uids()).isEqualTo(pending);
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

	/** A process that ends before it could delete its request leaves that to the next. */
	@Test
	void requestThatAnEarlierProcessLeftIsDeleted() throws Exception {
		if (this.cluster.embedded() == null) {
			return;
		}
		this.cluster.embedded().faults().next(1, RecordedRequest::isDelete).cutBefore();
		run("internal").close();
		assertThat(this.cluster.requests()).hasSize(1);
		try (ConfigurableApplicationContext context = run("internal")) {
			Awaitility.await().untilAsserted(() -> assertThat(this.cluster.requests()).isEmpty());
			assertThat(this.cluster.embedded().count(RecordedRequest::isCreate)).isOne();
			assertThat(context.getBean(CertificateManager.class).status().rotations().count()).isZero();
		}
	}

	private ConfigurableApplicationContext run(String issuer, String... further) {
		return new SpringApplicationBuilder(Application.class).run(Stream
			.concat(Stream.of("--server.port=0", "--server.ssl.bundle=shop", "--kubelet.cert.pair-name=shop",
					"--kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "--kubelet.cert.issuer.name=" + issuer,
					"--kubelet.cert.issuer.kind=ClusterIssuer", "--kubelet.cert.template.dns-names=shop.shop.svc",
					"--kubelet.cert.kubernetes.kubeconfig=" + this.cluster.kubeconfig()), Stream.of(further))
			.toArray(String[]::new));
	}

	private CertificatePair stored() throws Exception {
		return Pem.readPair(Files.readString(this.directory.resolve("pki/shop-current.pem")));
	}

	private static List<X509Certificate> trusted(ConfigurableApplicationContext context) throws Exception {
		KeyStore trust = context.getBean(SslBundles.class).getBundle("shop").getStores().getTrustStore();
		return Collections.list(trust.aliases()).stream().map((alias) -> {
			try {
				return (X509Certificate) trust.getCertificate(alias);
			}
			catch (KeyStoreException ex) {
				throw new IllegalStateException(ex);
			}
		}).toList();
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration(exclude = JettyServletWebServerAutoConfiguration.class)
	static class Application {

	}

}
