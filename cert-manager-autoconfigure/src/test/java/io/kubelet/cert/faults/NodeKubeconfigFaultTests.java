package io.kubelet.cert.faults;

import java.nio.file.Path;

import io.kubelet.cert.kubernetes.NodeKubeconfig;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for a node's kubeconfig on a disk that is not as others are.
 */
class NodeKubeconfigFaultTests {

	@TempDir
	Path directory;

	@Test
	void diskWithoutModesIsWrittenWithoutThem() throws Exception {
		Path bootstrap = CertificateContexts.writeKubeconfig(this.directory.resolve("bootstrap"),
				"https://127.0.0.1:6443");
		FaultyDisk disk = new FaultyDisk();
		disk.removeModes();
		Path kubeconfig = this.directory.resolve("kubeconfig");
		NodeKubeconfig.write(disk.on(kubeconfig), bootstrap, null, Path.of("/pki/current.pem"));
		assertThat(kubeconfig).content().contains("/pki/current.pem", "https://127.0.0.1:6443");
	}

}
