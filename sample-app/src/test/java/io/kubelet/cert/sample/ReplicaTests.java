package io.kubelet.cert.sample;

import java.nio.file.Path;
import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two replicas with the configuration of the cluster, which differ in the name of their
 * pod only.
 */
class ReplicaTests {

	@Test
	void replicasHaveRequestsKeysAndCertificatesOfTheirOwn(@TempDir Path directory) throws Exception {
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext first = run(plane, directory, "sample-app-0");
				ConfigurableApplicationContext second = run(plane, directory, "sample-app-1")) {
			assertThat(plane.certificateSigningRequests()).hasSize(4).doesNotHaveDuplicates();
			List<X509Certificate> leaves = new ArrayList<>(leaves(first));
			leaves.addAll(leaves(second));
			assertThat(leaves).extracting(X509Certificate::getSerialNumber).hasSize(4).doesNotHaveDuplicates();
			assertThat(leaves).extracting(X509Certificate::getPublicKey).doesNotHaveDuplicates();
			assertThat(names(leaves.get(1))).contains("sample-app-0").doesNotContain("sample-app-1");
			assertThat(names(leaves.get(3))).contains("sample-app-1").doesNotContain("sample-app-0");
		}
	}

	private static ConfigurableApplicationContext run(EmbeddedControlPlane plane, Path directory, String pod) {
		return SpringApplication.run(SampleApplication.class, "--server.port=0",
				"--spring.config.additional-location=src/main/kubernetes/base/", "--POD_IP=127.0.0.1",
				"--POD_NAME=" + pod, "--kubelet.cert.cert-dir=" + directory.resolve(pod),
				"--kubelet.cert.kubernetes.kubeconfig=" + plane.writeKubeconfig(directory));
	}

	/** Of the client, and of the server. */
	private static List<X509Certificate> leaves(ConfigurableApplicationContext replica) {
		return List.of("kubelet-client", "kubelet-server")
			.stream()
			.map((name) -> replica.getBean(CertificateManagers.class).get(name).current().orElseThrow().leaf())
			.toList();
	}

	private static List<Object> names(X509Certificate leaf) throws CertificateParsingException {
		return leaf.getSubjectAlternativeNames().stream().<Object>map((name) -> name.get(1)).toList();
	}

}
