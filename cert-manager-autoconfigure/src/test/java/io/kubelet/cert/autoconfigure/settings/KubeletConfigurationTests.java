package io.kubelet.cert.autoconfigure.settings;

import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Locale;

import io.kubelet.cert.autoconfigure.kubelet.NodeName;
import io.kubelet.cert.store.PairLocation;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * A kubelet's configuration file and a node's name: what they fill in, what wins over
 * them, and what is read after a mistake.
 *
 * @see io.kubelet.cert.autoconfigure.kubelet.KubeletConfiguration
 * @see NodeName
 */
class KubeletConfigurationTests {

	/** The file of a real node contains much else. */
	private static final String HEAD = """
			kind: KubeletConfiguration
			apiVersion: kubelet.config.k8s.io/v1beta1
			authentication: {x509: {clientCAFile: /etc/kubernetes/pki/ca.crt}}
			clusterDNS: [10.96.0.10]
			cpuManagerReconcilePeriod: 0s
			""";

	@TempDir
	Path directory;

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
		Files.writeString(file(), HEAD + line);
		assertThat(TestSettings
			.first("profile=" + profile, "config-file=" + file(),
					(property != null) ? "rotate-certificates=" + property : "")
			.rotation()).satisfies((rotation) -> {
				assertThat(rotation.enabled()).isEqualTo(rotates);
				assertThat(rotation.origin()).isEqualTo((property != null)
						? "kubelet.cert.rotate-certificates=" + property : "by the kubelet's configuration file");
			});
	}

	@Test
	void fileNamesThePairOfTheServingCertificateOnlyRelativeToItself() throws IOException {
		Files.writeString(file(), HEAD + "tlsCertFile: tls.crt\ntlsPrivateKeyFile: /keys/tls.key\n");
		CertificateSettingsList list = TestSettings.of("profile=kubelet-client;config-file=" + file(),
				"additional.serving.profile=kubelet-serving;additional.other.profile=kubelet-serving",
				"additional.other.pair-name=other;additional.other.tls-cert-file=/a.crt;additional.other.tls-private-key-file=/a.key");
		assertThat(list.certificates()).map((settings) -> settings.storage().initialPair())
			.containsExactly(null, new PairLocation(this.directory.resolve("tls.crt"), Path.of("/keys/tls.key")),
					new PairLocation(Path.of("/a.crt"), Path.of("/a.key")));
	}

	@ParameterizedTest(name = "{0}")
	@CsvSource(delimiter = '|', textBlock = """
			kind: KubeProxyConfiguration          | It is no KubeletConfiguration
			kind: KubeletConfiguration            | It is no KubeletConfiguration of kubelet.config.k8s.io/v1beta1
			just text                             | It is no KubeletConfiguration
			HEAD tlsCertFile: a                   | set both or neither
			HEAD tlsCertFile: [a]                 | Its tlsCertFile is a list or a mapping: set it to the path of a file
			HEAD tlsCertFile: &a {b: {c: *a}}     | Its tlsCertFile is a list or a mapping: set it to the path of a file
			HEAD tlsCertFile: "a\\0b"              | Its tlsCertFile is no path: set it to the path of a file
			HEAD serverTLSBootstrap: "a\\rb"      | Its serverTLSBootstrap is 'a b': set it to true or false
			HEAD serverTLSBootstrap: "true"       | Its serverTLSBootstrap is 'true': set it to true or false
			HEAD clusterDNS: []                   | not valid YAML
			HEAD x: !!java.io.File [/tmp/x]       | not valid YAML
			HEAD x: !!float s3cr3t                | It is not valid YAML: correct it
			""")
	void fileThatCannotBeIsNamedWithItsPropertyAndTheRemedy(String content, String reason) throws IOException {
		Files.writeString(file(), content.replace("HEAD ", HEAD).replace("\\n", "\n"));
		assertMistake(file(), reason);
	}

	@Test
	void fileThatCannotBeReadIsNamed() {
		assertMistake(file(), "cannot be read (java.nio.file.NoSuchFileException");
	}

	private Path file() {
		return this.directory.resolve("config.yaml");
	}

	private static void assertMistake(Path file, String reason) {
		assertThatException()
			.isThrownBy(() -> TestSettings.of("profile=kubelet-client;additional.serving.profile=kubelet-serving",
					"additional.serving.config-file=" + file))
			.withMessageStartingWith(
					"Property kubelet.cert.additional.serving.config-file with value '%s' is invalid: ", file)
			.withMessageContaining(reason);
	}

	@Test
	void nodeNameIsByDefaultTheHostsInLowerCase() throws IOException {
		String host = Files.isReadable(Path.of("/proc/sys/kernel/hostname"))
				? Files.readString(Path.of("/proc/sys/kernel/hostname")).strip()
				: InetAddress.getLocalHost().getHostName();
		assertThat(NodeName.of(null)).isEqualTo(host.toLowerCase(Locale.ROOT));
		assertThat(NodeName.of(" Node-1.Example.COM ")).isEqualTo("node-1.example.com");
	}

}
