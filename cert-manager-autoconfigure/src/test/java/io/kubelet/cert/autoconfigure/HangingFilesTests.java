package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.Pipes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pipes in the place of files: an application that opened one would hang.
 */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class HangingFilesTests {

	private static final String PIPE = "it is a directory, a pipe or a device";

	@TempDir
	Path directory;

	@ParameterizedTest(name = "{0}")
	@CsvSource({ "config-file", "ssl.trust-file", "signer-ca-file", "kubernetes.kubeconfig",
			"kubernetes.bootstrap-kubeconfig", "tls-cert-file" })
	void fileThatAPropertyNamesIsNotOpened(String property) throws Exception {
		Path pipe = Pipes.create(this.directory.resolve("pipe"));
		runner()
			.withPropertyValues("kubelet.cert.profile=kubelet-client", "kubelet.cert.node-name=n1",
					"kubelet.cert.kubernetes.kubeconfig="
							+ kubeconfig("tls-server-name: a", "client-certificate: none"),
					"kubelet.cert.tls-private-key-file=" + (property.equals("tls-cert-file") ? pipe : ""),
					"kubelet.cert." + property + "=" + pipe)
			.run((context) -> assertThat(context.getStartupFailure()).hasStackTraceContaining(PIPE)
				.hasStackTraceContaining(pipe.toString()));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			certificate-authority: pipe | token: t
			tls-server-name: a          | tokenFile: pipe
			tls-server-name: a          | client-certificate: pipe, client-key: pipe
			""")
	void fileThatAKubeconfigNamesIsNotOpened(String cluster, String user) throws Exception {
		Pipes.create(this.directory.resolve("pipe"));
		runner()
			.withPropertyValues("kubelet.cert.kubernetes.kubeconfig=" + kubeconfig(cluster, user),
					"kubelet.cert.signer-name=example.com/a", "kubelet.cert.template.common-name=a",
					"kubelet.cert.ssl.trust=system")
			.run((context) -> assertThat(context.getStartupFailure()).hasStackTraceContaining(PIPE));
	}

	@Test
	void pipesInThePlaceOfStoredPairsDelayNoCertificate() throws Exception {
		Path certDir = Files.createDirectories(this.directory.resolve("pki"));
		ApplicationContextRunner runner = CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.ssl.trust=system");
		for (String name : new String[] { "a", "b", "c" }) {
			Pipes.create(certDir.resolve(name + "-current.pem"));
			Pipes.create(certDir.resolve(name + "-request.pem"));
			Pipes.create(certDir.resolve(name + "-2026-01-01-00-00-00.pem"));
			runner = runner.withPropertyValues("kubelet.cert.additional." + name + ".template.common-name=" + name,
					"kubelet.cert.additional." + name + ".signer-name=example.com/a");
		}
		runner.run((context) -> {
			Path current = certDir.resolve("a-current.pem");
			assertThat(current).isSymbolicLink();
			assertThat(certDir.resolve("a-current.pem.damaged")).exists();
			Files.delete(current);
			Pipes.create(current);
			for (CertificateManager manager : context.getBean(CertificateManagers.class)) {
				CertificatePair before = manager.current().orElseThrow();
				assertThat(manager.rotate()).succeedsWithin(Duration.ofSeconds(60)).isNotEqualTo(before);
			}
			assertThat(current).isSymbolicLink();
		});
	}

	private Path kubeconfig(String cluster, String user) throws IOException {
		return Files.writeString(this.directory.resolve("kubeconfig"), """
				current-context: c
				contexts: [{name: c, context: {cluster: c, user: u}}]
				clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', %s}}]
				users: [{name: u, user: {%s}}]
				""".formatted(cluster, user));
	}

	private ApplicationContextRunner runner() {
		return CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.startup.timeout=90s");
	}

}
