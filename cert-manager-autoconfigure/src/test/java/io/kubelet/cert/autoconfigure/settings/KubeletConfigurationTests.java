package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

import io.kubelet.cert.store.PairLocation;
import io.kubelet.cert.testsupport.CertificateContexts;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * A kubelet's configuration file and a node's name: what they fill in, what wins over
 * them, and what is read after a mistake.
 */
class KubeletConfigurationTests {

	private static final String HEAD = "kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\n";

	@TempDir
	Path directory;

	private Path file;

	@BeforeEach
	void nameFile() {
		this.file = this.directory.resolve("config.yaml");
	}

	private static ApplicationContextRunner runner(String... properties) {
		return new ApplicationContextRunner().withUserConfiguration(SettingsConfiguration.class)
			.withPropertyValues(properties);
	}

	@ParameterizedTest(name = "{0} with {1} and rotate-certificates={2}: {3}")
	@CsvSource(nullValues = "-", textBlock = """
			kubelet-client,  'rotateCertificates: true',  -,     true
			kubelet-client,  'rotateCertificates: false', -,     false
			kubelet-client,  'rotateCertificates: false', true,  true
			kubelet-client,  'rotateCertificates: true',  false, false
			kubelet-client,  'serverTLSBootstrap: true',  -,     false
			kubelet-client,  '',                          -,     false
			kubelet-serving, 'serverTLSBootstrap: true',  -,     true
			kubelet-serving, 'serverTLSBootstrap: false', -,     false
			kubelet-serving, 'serverTLSBootstrap: false', true,  true
			kubelet-serving, 'rotateCertificates: true',  -,     false
			""")
	void fileSaysWhetherACertificateRotatesUnlessAPropertyDoes(String profile, String line, @Nullable String property,
			boolean rotates) throws IOException {
		Files.writeString(this.file, HEAD + line);
		runner("kubelet.cert.profile=" + profile, "kubelet.cert.config-file=" + this.file,
				(property != null) ? "kubelet.cert.rotate-certificates=" + property : "unrelated=x")
			.run((context) -> assertThat(
					context.getBean(CertificateSettingsList.class).certificates().get(0).rotation().enabled())
				.isEqualTo(rotates));
	}

	@Test
	void fileNamesThePairOfTheServingCertificateOnlyRelativeToItself() throws IOException {
		Files.writeString(this.file, HEAD + "tlsCertFile: tls.crt\ntlsPrivateKeyFile: /keys/tls.key\n");
		runner("kubelet.cert.profile=kubelet-client", "kubelet.cert.config-file=" + this.file,
				"kubelet.cert.additional.serving.profile=kubelet-serving",
				"kubelet.cert.additional.other.profile=kubelet-serving",
				"kubelet.cert.additional.other.pair-name=other", "kubelet.cert.additional.other.tls-cert-file=/a.crt",
				"kubelet.cert.additional.other.tls-private-key-file=/a.key")
			.run((context) -> {
				CertificateSettingsList list = context.getBean(CertificateSettingsList.class);
				assertThat(list.certificates().get(0).storage().initialPair()).isNull();
				CertificateSettings serving = list.find("kubelet-server").orElseThrow();
				assertThat(serving.storage().initialPair())
					.isEqualTo(new PairLocation(this.directory.resolve("tls.crt"), Path.of("/keys/tls.key")));
				CertificateSettings other = list.find("other").orElseThrow();
				assertThat(other.storage().initialPair())
					.isEqualTo(new PairLocation(Path.of("/a.crt"), Path.of("/a.key")));
			});
	}

	@Test
	void fileOfARealNodeIsRead() throws IOException {
		Files.writeString(this.file, """
				apiVersion: kubelet.config.k8s.io/v1beta1
				authentication:
				  x509:
				    clientCAFile: /etc/kubernetes/pki/ca.crt
				cgroupDriver: systemd
				clusterDNS:
				- 10.96.0.10
				cpuManagerReconcilePeriod: 0s
				kind: KubeletConfiguration
				logging:
				  flushFrequency: 0
				rotateCertificates: true
				staticPodPath: /etc/kubernetes/manifests
				""");
		assertThat(KubeletConfiguration.read(this.file)).isEqualTo(new KubeletConfiguration(true, false, null));
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|',
			textBlock = """
					kind: KubeProxyConfiguration\\napiVersion: kubelet.config.k8s.io/v1beta1 | kind is 'KubeProxyConfiguration'
					apiVersion: kubelet.config.k8s.io/v1beta1                               | kind is 'null'
					kind: KubeletConfiguration\\napiVersion: kubelet.config.k8s.io/v2       | apiVersion is 'kubelet.config.k8s.io/v2'
					HEAD rotateCertificates: maybe                                          | rotateCertificates is 'maybe': set it to true or false
					HEAD serverTLSBootstrap: 1                                              | serverTLSBootstrap is '1': set it to true or false
					HEAD tlsCertFile: [a]                                                   | tlsCertFile is '[a]': set it to the path of a file
					HEAD tlsCertFile: a                                                     | set both or neither
					HEAD rotateCertificates: true\\nrotateCertificates: false              | not valid YAML
					HEAD x: !!java.io.File [/tmp/x]                                         | not valid YAML
					HEAD x: "                                                               | not valid YAML
					just text                                                               | contains no object
					\\n                                                                     | empty
					""")
	void fileThatCannotBeIsNamedWithItsPropertyAndTheRemedy(String content, String reason) throws IOException {
		Files.writeString(this.file, content.replace("HEAD ", HEAD).replace("\\n", "\n"));
		assertMistake("kubelet.cert.config-file", this.file, reason, "kubelet.cert.profile=kubelet-client",
				"kubelet.cert.config-file=" + this.file);
	}

	@Test
	void fileThatIsNotThereIsNamed() {
		assertMistake("kubelet.cert.additional.serving.config-file", this.file, "There is no such file",
				"kubelet.cert.profile=kubelet-client", "kubelet.cert.additional.serving.profile=kubelet-serving",
				"kubelet.cert.additional.serving.config-file=" + this.file);
	}

	@Test
	void fileThatIsADirectoryIsNamed() {
		assertMistake("kubelet.cert.config-file", this.directory, "cannot be read",
				"kubelet.cert.profile=kubelet-client", "kubelet.cert.config-file=" + this.directory);
	}

	@Test
	void certificateThatTheFileDoesNotRotateAndThatIsNotThereIsReported() throws IOException {
		Files.writeString(this.file, HEAD);
		CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.profile=kubelet-client", "kubelet.cert.config-file=" + this.file,
					"kubelet.cert.cert-dir=" + this.directory, "kubelet.cert.ssl.trust=system")
			.run((context) -> assertThat(context.getStartupFailure()).rootCause()
				.hasMessageContaining("There is no valid certificate 'kubelet-client'")
				.hasMessageContaining("by the kubelet's configuration file"));
	}

	@Test
	void nodeNameIsByDefaultTheHostsInLowerCase() throws IOException {
		String host = Files.isReadable(Path.of("/proc/sys/kernel/hostname"))
				? Files.readString(Path.of("/proc/sys/kernel/hostname")).strip()
				: InetAddress.getLocalHost().getHostName();
		assertThat(NodeName.of(null)).isEqualTo(host.toLowerCase(Locale.ROOT));
		assertThat(NodeName.of(" Node-1.Example.COM ")).isEqualTo("node-1.example.com");
	}

	@Test
	void furtherCertificateHasTheNodeNameOfTheFirstUnlessItSaysAnother() {
		runner("kubelet.cert.profile=kubelet-client", "kubelet.cert.node-name=N1",
				"kubelet.cert.additional.a.profile=kubelet-serving",
				"kubelet.cert.additional.b.profile=kubelet-serving", "kubelet.cert.additional.b.pair-name=b",
				"kubelet.cert.additional.b.node-name=n2")
			.run((context) -> {
				CertificateSettingsList list = context.getBean(CertificateSettingsList.class);
				assertThat(list.find("kubelet-server").orElseThrow().request().template().commonName())
					.isEqualTo("system:node:n1");
				assertThat(list.find("b").orElseThrow().request().template().commonName()).isEqualTo("system:node:n2");
			});
	}

	private static void assertMistake(String property, Path file, String reason, String... properties) {
		runner(properties).run((context) -> assertThat(context.getStartupFailure()).rootCause()
			.hasMessageStartingWith("Property %s with value '%s' is invalid: ", property, file)
			.hasMessageContaining(reason));
	}

}
