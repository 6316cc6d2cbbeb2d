package io.kubelet.cert.autoconfigure.kubelet;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Objects;
import java.util.Optional;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.CertificateStatus;
import io.kubelet.cert.rotation.CertificateTemplateSupplier;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.RisingTimeout;
import io.kubelet.cert.testsupport.TestNode;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

import org.springframework.boot.diagnostics.FailureAnalysis;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The certificates of a node by profile, on the embedded control plane.
 *
 * @see Profile
 */
class KubeletProfileTests extends ClusterFixture {

	private static final CertificateTemplate SUBJECT = CertificateTemplate.ofSubject("system:node:n1", "system:nodes");

	private TestNode node;

	@BeforeEach
	void connectAdministrator() {
		this.node = new TestNode(this.controlPlane, this.directory, "n1");
	}

	private ApplicationContextRunner runner(String... properties) {
		Credential node = this.controlPlane.addToken("node-token", "system:node:n1", "system:nodes");
		return CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "kubelet.cert.node-name=n1",
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory, node))
			.withPropertyValues(properties);
	}

	@Test
	void nodeNeedsThreeLinesForItsTwoCertificates() throws Exception {
		this.node.create("Hostname=n1", "InternalIP=10.0.0.1", "ExternalDNS=n1.example.com");
		runner("kubelet.cert.profile=kubelet-client", "kubelet.cert.additional.serving.profile=kubelet-serving")
			.run((context) -> {
				CertificateManagers managers = context.getBean(CertificateManagers.class);
				assertThat(managers.names()).containsExactly("kubelet-client", "kubelet-server");
				CertificateStatus client = managers.get("kubelet-client").status();
				assertThat(names(client)).isEqualTo(SUBJECT);
				assertThat(client.requested().signerName()).isEqualTo("kubernetes.io/kube-apiserver-client-kubelet");
				assertThat(client.requested().usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH);
				CertificateStatus serving = managers.get("kubelet-server").status();
				assertThat(names(serving)).isEqualTo(SUBJECT.withDnsNames(List.of("n1", "n1.example.com"))
					.withIpAddresses(List.of(CertificateNames.parseIpAddress("10.0.0.1"))));
				assertThat(serving.requested().signerName()).isEqualTo("kubernetes.io/kubelet-serving");
				assertThat(serving.requested().usages()).containsExactly(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH);
				assertThat(this.directory.resolve("pki/kubelet-server-current.pem")).exists();
			});
	}

	@Test
	void startThatTimesOutSaysThatTheAddressesOfTheNodeAreWaitedFor() {
		RisingTimeout.from(Duration.ofMillis(250),
				(timeout) -> runner("kubelet.cert.profile=kubelet-serving", "kubelet.cert.startup.timeout=" + timeout)
					.run((context) -> {
						FailureAnalysis analysis = StartFailures.report(context.getStartupFailure());
						assertThat(analysis.getDescription()).contains("'kubelet-server' was not issued within ",
								"It waits for addresses of node n1 (it does not exist)",
								"'kubelet.cert.addresses.source'");
						assertThat(analysis.getAction()).contains("'kubelet.cert.startup.mode' to 'background'");
					}));
	}

	@Test
	void supplierAndSignersOfTheApplicationReplaceTheAddressesAndTheCluster() {
		CertificateTemplate own = SUBJECT.withDnsNames(List.of("own"));
		runner("kubelet.cert.profile=kubelet-serving")
			.withBean(CertificateTemplateSupplier.class, () -> () -> Optional.of(own))
			.withBean(SignerSource.class,
					() -> (current) -> new FakeSigner(CertificateContexts.authority, Clock.systemUTC()))
			.run((context) -> {
				assertThat(names(context.getBean(CertificateManager.class).status())).isEqualTo(own);
				assertThat(this.controlPlane.requests()).isEmpty();
			});
	}

	private static CertificateTemplate names(CertificateStatus status) {
		return CertificateTemplate.of(Objects.requireNonNull(status.pair()).leaf());
	}

}
