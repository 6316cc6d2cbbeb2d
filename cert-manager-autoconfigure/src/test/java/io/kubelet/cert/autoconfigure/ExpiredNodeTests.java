package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
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
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * A node whose own certificate has expired while the process runs (B11): the bootstrap
 * token asks for that one, and for no other.
 */
class ExpiredNodeTests {

	private static final String NODE = "system:node:n1";

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
		Instant expiry = Instant.now().plusSeconds(15);
		ClientCertificate own = this.controlPlane.issueClientCertificate(expiry.minusSeconds(7200), expiry, NODE,
				"system:nodes");
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		Files.writeString(pki.resolve("kubelet-client-current.pem"), own.certificatePem() + own.keyPem());
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.profile=kubelet-client", "kubelet.cert.node-name=n1",
					"kubelet.cert.cert-dir=" + pki, "kubelet.cert.additional.serving.profile=kubelet-serving",
					"kubelet.cert.additional.serving.template.ip-addresses=10.0.0.1",
					"kubelet.cert.kubernetes.bootstrap-kubeconfig="
							+ this.controlPlane.writeKubeconfig(this.directory, this.controlPlane.bootstrap()),
					"kubelet.cert.kubernetes.kubeconfig=" + this.directory.resolve("kubelet.kubeconfig"))
			.run((context) -> {
				CertificateManager client = context.getBean(CertificateManagers.class).get("kubelet-client");
				CertificateManager serving = context.getBean(CertificateManagers.class).get("kubelet-server");
				await(() -> serving.current().isPresent());
				await(() -> client.current().isEmpty());
				assertThatException().isThrownBy(() -> serving.rotate().get(30, TimeUnit.SECONDS))
					.withMessageContaining("there is no valid certificate 'kubelet-client' to ask with");
				this.controlPlane.behavior().approval(ApprovalPolicy.approving());
				await(() -> client.current().isPresent());
				serving.rotate().get(30, TimeUnit.SECONDS);
				assertThat(this.controlPlane.requests().stream().filter(RecordedRequest::isCreate)).hasSize(3)
					.extracting(RecordedRequest::user)
					.containsOnly(NODE);
			});
	}

	private static void await(Callable<Boolean> condition) {
		Awaitility.await().atMost(Duration.ofSeconds(60)).until(condition);
	}

}
