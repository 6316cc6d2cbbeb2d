package io.kubelet.cert.autoconfigure;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.Pipes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pipes in the place of files: an application that opened one would hang.
 *
 * @see io.kubelet.cert.certificate.TextFile
 */
@Timeout(value = 180, threadMode = ThreadMode.SEPARATE_THREAD)
class HangingFilesTests {

	@TempDir
	Path directory;

	@ParameterizedTest(name = "{0} {1} {2}")
	@CsvSource(delimiter = '|',
			textBlock = """
					config-file=PIPE                               | tls-server-name: a          | client-certificate: none
					ssl.trust-file=PIPE                            | tls-server-name: a          | client-certificate: none
					signer-ca-file=PIPE                            | tls-server-name: a          | client-certificate: none
					kubernetes.kubeconfig=PIPE                     | tls-server-name: a          | client-certificate: none
					kubernetes.bootstrap-kubeconfig=PIPE           | tls-server-name: a          | client-certificate: none
					tls-cert-file=PIPE;tls-private-key-file=PIPE   | tls-server-name: a          | client-certificate: none
					ssl.trust=system                               | certificate-authority: PIPE | token: t
					ssl.trust=system                               | tls-server-name: a          | tokenFile: PIPE
					ssl.trust=system                               | tls-server-name: a          | client-certificate: PIPE, client-key: PIPE
					""")
	void fileThatAPropertyOrAKubeconfigNamesIsNotOpened(String properties, String cluster, String user)
			throws Exception {
		String pipe = Pipes.create(this.directory.resolve("pipe")).toString();
		Path kubeconfig = Files.writeString(this.directory.resolve("kubeconfig"), """
				current-context: c
				contexts: [{name: c, context: {cluster: c, user: u}}]
				clusters: [{name: c, cluster: {server: 'https://127.0.0.1:1', %s}}]
				users: [{name: u, user: {%s}}]
				""".formatted(cluster, user).replace("PIPE", pipe));
		CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.startup.timeout=90s", "kubelet.cert.profile=kubelet-client",
					"kubelet.cert.node-name=n1", "kubelet.cert.kubernetes.kubeconfig=" + kubeconfig)
			.withPropertyValues(Stream.of(properties.replace("PIPE", pipe).split(";"))
				.map((property) -> "kubelet.cert." + property)
				.toArray(String[]::new))
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("it is a directory, a pipe or a device")
				.hasStackTraceContaining(this.directory + (properties.contains("PIPE") ? "/pipe" : "/")));
	}

	@Test
	void pipesInThePlaceOfAStoredPairDelayNoCertificate() throws Exception {
		Path pki = Files.createDirectories(this.directory.resolve("pki"));
		for (String file : List.of("current", "request", "2026-01-01-00-00-00")) {
			Pipes.create(pki.resolve("kubelet-client-" + file + ".pem"));
		}
		CertificateContexts.runner(this.directory)
			.withPropertyValues("kubelet.cert.ssl.trust=system")
			.run((context) -> {
				Path current = pki.resolve("kubelet-client-current.pem");
				assertThat(current).isSymbolicLink();
				assertThat(pki.resolve("kubelet-client-current.pem.damaged")).exists();
				Files.delete(current);
				Pipes.create(current);
				assertThat(context.getBean(CertificateManager.class).rotate()).succeedsWithin(Duration.ofSeconds(60));
				assertThat(current).isSymbolicLink();
			});
	}

}
