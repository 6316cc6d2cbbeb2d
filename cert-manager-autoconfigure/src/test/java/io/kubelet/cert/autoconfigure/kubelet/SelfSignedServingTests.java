package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.SimulatedTime;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The serving pair of a kubelet that does not request one: {@code kubelet.crt} and
 * {@code kubelet.key}.
 *
 * @see io.kubelet.cert.autoconfigure.CertificateStores
 */
@ExtendWith(OutputCaptureExtension.class)
class SelfSignedServingTests {

	private static final Instant NOW = Instant.parse("2027-01-01T00:00:00Z");

	private static final Path FIXTURE = Path.of("src/test/resources/kubelet-self-signed");

	private static final String CREATED = "Created the self-signed pair";

	private final SimulatedTime time = new SimulatedTime(NOW);

	@TempDir
	Path directory;

	private Path certificate;

	private Path privateKey;

	@BeforeEach
	void nameFiles() {
		this.certificate = this.directory.resolve("pki/kubelet.crt");
		this.privateKey = this.directory.resolve("pki/kubelet.key");
	}

	private ApplicationContextRunner runner(String... properties) {
		return CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "kubelet.cert.node-name=n1",
					"kubelet.cert.ssl.trust=system")
			.withPropertyValues(properties);
	}

	private ApplicationContextRunner serving() {
		return runner("kubelet.cert.profile=kubelet-serving", "kubelet.cert.rotate-certificates=false");
	}

	@Test
	void missingPairIsCreatedOnceAsByAKubelet(CapturedOutput output) throws IOException {
		serving().run((context) -> {
			CertificatePair pair = current(context);
			assertThat(pair.leaf().getSubjectX500Principal().getName()).isEqualTo("CN=n1@" + NOW.getEpochSecond());
			assertThat(pair.notBefore()).isEqualTo(NOW.minus(Duration.ofHours(1)));
			assertThat(pair)
				.isEqualTo(Pem.readPair(Files.readString(this.certificate), Files.readString(this.privateKey)));
		});
		assertThat(mode(this.certificate)).isEqualTo("rw-r--r--");
		assertThat(mode(this.privateKey)).isEqualTo("rw-------");
		assertThat(this.privateKey).content().startsWith("-----BEGIN RSA PRIVATE KEY-----");
		CertificatePair created = Pem.readPair(Files.readString(this.certificate), Files.readString(this.privateKey));
		serving().run((context) -> assertThat(current(context)).isEqualTo(created));
		assertThat(output).containsOnlyOnce(CREATED)
			.containsPattern("WARN.*No client can verify it.*kubelet.cert.rotate-certificates=false");
	}

	@ParameterizedTest
	@ValueSource(strings = { "rotate-certificates=false", "config-file=config.yaml" })
	void pairOfAKubeletIsUsed(String property, CapturedOutput output) throws IOException {
		copyFixture();
		Files.writeString(this.directory.resolve("config.yaml"),
				"kind: KubeletConfiguration\napiVersion: kubelet.config.k8s.io/v1beta1\nrotateCertificates: true\n");
		runner("kubelet.cert.profile=kubelet-serving",
				"kubelet.cert." + property.replace("config.yaml", this.directory + "/config.yaml"))
			.run((context) -> assertThat(current(context).leaf().getSubjectX500Principal().getName())
				.isEqualTo("CN=handover@1795790509"));
		assertThat(output).doesNotContain(CREATED);
	}

	private void copyFixture() throws IOException {
		Files.createDirectories(this.certificate.getParent());
		Files.copy(FIXTURE.resolve("kubelet.crt"), this.certificate);
		Files.copy(FIXTURE.resolve("kubelet.key"), this.privateKey);
	}

	@ParameterizedTest
	@ValueSource(strings = { "profile=kubelet-client", "template.common-name=a",
			"profile=kubelet-serving;tls-cert-file=named;tls-private-key-file=named" })
	void noOtherCertificateIsEverCreated(String kind) throws IOException {
		runner("kubelet.cert.rotate-certificates=false", "kubelet.cert.startup.mode=background")
			.withPropertyValues(Stream.of(kind.replace("named", this.directory + "/named").split(";"))
				.map((property) -> "kubelet.cert." + property)
				.toArray(String[]::new))
			.run((context) -> assertThat(context.getBean(CertificateManager.class).current()).isEmpty());
		assertThat(this.directory).isEmptyDirectory();
	}

	private static CertificatePair current(ApplicationContext context) {
		return context.getBean(CertificateManager.class).current().orElseThrow();
	}

	private static String mode(Path file) throws IOException {
		return PosixFilePermissions.toString(Files.getPosixFilePermissions(file));
	}

}
