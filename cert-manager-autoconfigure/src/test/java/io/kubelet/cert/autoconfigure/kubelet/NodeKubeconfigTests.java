package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Clock;
import java.time.Instant;
import java.util.Map;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.kubernetes.KubernetesConfigurationException;
import io.kubelet.cert.kubernetes.internal.KubeconfigFile;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.yaml.snakeyaml.Yaml;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link NodeKubeconfig}.
 *
 * @see NodeKubeconfig
 */
class NodeKubeconfigTests {

	private static final Path PAIR = Path.of("/var/lib/kubelet/pki/kubelet-client-current.pem");

	private final Instant now = Instant.now();

	@TempDir
	Path directory;

	private Path bootstrap;

	private Path kubeconfig;

	@BeforeEach
	void copyBootstrapKubeconfig() throws IOException {
		this.bootstrap = this.directory.resolve("bootstrap.kubeconfig");
		this.kubeconfig = this.directory.resolve("kubeconfig");
		Files.write(this.bootstrap, fixture("bootstrap.kubeconfig"));
	}

	/** One that is empty, as a power failure may leave it, is as good as missing. */
	@Test
	void missingKubeconfigIsWrittenAsTheKubeletWritesIt() throws IOException {
		assertThat(NodeKubeconfig.isUsable(this.kubeconfig, this.now)).isFalse();
		Files.createFile(this.kubeconfig);
		assertThat(NodeKubeconfig.isUsable(this.kubeconfig, this.now)).isFalse();
		assertThat(NodeKubeconfig.isOfOthers(this.kubeconfig)).isFalse();
		write(PAIR);
		assertThat(KubeconfigFile.read(this.kubeconfig, null).cluster().get("tls-server-name"))
			.as("the original loses it")
			.isEqualTo("kubernetes");
		Map<String, Object> written = new Yaml().load(Files.readString(this.kubeconfig));
		Map<String, Object> kubelets = new Yaml().load(new String(fixture("written-by-kubelet.kubeconfig")));
		assertThat(written).containsOnlyKeys(kubelets.keySet());
		kubelets.remove("clusters");
		assertThat(written).containsAllEntriesOf(kubelets);
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(this.kubeconfig)))
			.isEqualTo("rw-------");
	}

	@Test
	void proxyAndRelativeAuthorityFileAreKept() throws IOException {
		Files.writeString(this.bootstrap,
				"""
						apiVersion: v1
						kind: Config
						clusters:
						- {name: a, cluster: {server: "https://wrong:6443"}}
						- {name: b, cluster: {server: "https://right:6443", certificate-authority: ca.pem, proxy-url: "http://proxy:3128"}}
						users: [{name: u, user: {token: t}}]
						contexts:
						- {name: first, context: {cluster: a, user: u}}
						- {name: second, context: {cluster: b, user: u}}
						current-context: second
						""");
		write(PAIR);
		Map<?, ?> cluster = KubeconfigFile.read(this.kubeconfig, null).cluster();
		assertThat(cluster.get("server")).as("current-context is honoured").isEqualTo("https://right:6443");
		assertThat(cluster.get("proxy-url")).isEqualTo("http://proxy:3128");
		assertThat(cluster.get("certificate-authority")).isEqualTo(this.directory.resolve("ca.pem").toString());
		NodeKubeconfig.write(this.kubeconfig, this.bootstrap, "first", PAIR);
		assertThat(KubeconfigFile.read(this.kubeconfig, null).cluster().get("server")).isEqualTo("https://wrong:6443");
	}

	@Test
	void kubeconfigWithAValidClientCertificateServesBoth() throws IOException {
		Path pair = storedPair(this.now.plusSeconds(3600));
		write(pair);
		assertThat(NodeKubeconfig.isUsable(this.kubeconfig, this.now)).isTrue();
	}

	@Test
	void kubeconfigWithAnExpiredClientCertificateIsWrittenAnewAndKept() throws IOException {
		Path pair = storedPair(this.now.minusSeconds(10));
		Files.writeString(this.kubeconfig, """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "https://old:6443"}}]
				users: [{name: u, user: {client-certificate: "%1$s", client-key: "%1$s"}}]
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""".formatted(pair));
		String before = Files.readString(this.kubeconfig);
		assertThat(NodeKubeconfig.isUsable(this.kubeconfig, this.now)).isFalse();
		write(pair);
		assertThat(this.kubeconfig).content().contains("control-plane.example.com");
		Files.writeString(this.kubeconfig, "kind: Config");
		write(pair);
		assertThat(this.directory.resolve("kubeconfig.old")).as("the original").hasContent(before);
	}

	@Test
	void malformedKubeconfigIsReportedAndNotOverwritten() throws IOException {
		Files.writeString(this.kubeconfig, "{");
		assertThatExceptionOfType(KubernetesConfigurationException.class)
			.isThrownBy(() -> NodeKubeconfig.isUsable(this.kubeconfig, this.now))
			.withMessageContaining("malformed")
			.withMessageContaining(this.kubeconfig.toString());
		assertThat(this.kubeconfig).hasContent("{");
	}

	@Test
	void bootstrapKubeconfigThatCannotBeUsedIsReported() throws IOException {
		Files.writeString(this.bootstrap, "kind: Config");
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(() -> write(PAIR))
			.withMessageContaining("names no server");
		Files.delete(this.bootstrap);
		assertThatExceptionOfType(KubernetesConfigurationException.class).isThrownBy(() -> write(PAIR))
			.withMessageContaining("does not exist");
		assertThat(this.kubeconfig).doesNotExist();
	}

	private void write(Path pair) {
		NodeKubeconfig.write(this.kubeconfig, this.bootstrap, null, pair);
	}

	private Path storedPair(Instant notAfter) {
		TestStore.files(this.directory, "kubelet-client", null, 5, Clock.systemUTC())
			.update(new TestAuthority("test").pair(CertificateTemplate.ofSubject("system:node:n1", "system:nodes"),
					notAfter.minusSeconds(7200), notAfter));
		return this.directory.resolve("kubelet-client-current.pem");
	}

	private static byte[] fixture(String name) throws IOException {
		try (InputStream file = NodeKubeconfigTests.class.getResourceAsStream("/fixtures/" + name)) {
			return Objects.requireNonNull(file).readAllBytes();
		}
	}

}
