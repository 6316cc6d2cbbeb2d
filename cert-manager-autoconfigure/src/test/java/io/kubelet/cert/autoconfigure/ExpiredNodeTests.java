package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.ApprovalPolicy;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.OffsetClock;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * A node whose own certificate has expired while the process runs: the bootstrap token
 * asks for that one, and for no other.
 */
class ExpiredNodeTests {

	private static final String NODE = "system:node:n1";

	private static final String TOKEN_USER = "system:bootstrap:abcdef";

	/** The API server goes by another one. */
	private final OffsetClock clock = new OffsetClock();

	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.builder()
		.approval((request) -> request.signerName().equals("kubernetes.io/kubelet-serving")
				? ApprovalPolicy.Verdict.approve() : ApprovalPolicy.Verdict.hold())
		.start();

	@TempDir
	Path directory;

	@AfterEach
	void closeControlPlane() {
		this.controlPlane.close();
	}

	@Test
	void furtherCertificatesWaitForTheNodesOwn() throws Exception {
		Instant now = Instant.now();
		ClientCertificate own = this.controlPlane.issueClientCertificate(now, now.plusSeconds(7200), NODE,
				"system:nodes");
		this.controlPlane.behavior().certificateLifetime(Duration.ofDays(1));
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(pki.resolve("kubelet-client-current.pem"), own.certificatePem() + own.keyPem());
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withBean("certificateClock", Clock.class, () -> this.clock)
			.withPropertyValues("kubelet.cert.rotation.forced-interval=0s", "kubelet.cert.profile=kubelet-client",
					"kubelet.cert.node-name=n1", "kubelet.cert.cert-dir=" + pki,
					"kubelet.cert.additional.serving.profile=kubelet-serving",
					"kubelet.cert.additional.serving.template.ip-addresses=10.0.0.1",
					"kubelet.cert.kubernetes.bootstrap-kubeconfig="
							+ this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.bootstrap()),
					"kubelet.cert.kubernetes.kubeconfig=" + this.directory.resolve("kubelet.kubeconfig"))
			.run((context) -> {
				CertificateManager client = context.getBean(CertificateManagers.class).get("kubelet-client");
				CertificateManager serving = context.getBean(CertificateManagers.class).get("kubelet-server");
				await(() -> serving.current().isPresent());
				this.clock.set(Duration.ofHours(3));
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
				assertThat(this.controlPlane.requests().stream().filter(RecordedRequest::isCreate))
					.extracting(RecordedRequest::user)
					.containsExactly(NODE, TOKEN_USER, NODE);
			});
	}

	private static void await(Callable<Boolean> condition) {
		Awaitility.await().until(condition);
	}

}
