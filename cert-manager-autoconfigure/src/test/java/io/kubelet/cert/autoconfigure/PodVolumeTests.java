package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.boot.ssl.SslBundles;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ApplicationContext;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Pairs in volumes that the kubelet or a CSI driver writes. Both replace all files of a
 * volume at once by switching one link, and remove the previous ones.
 */
@ExtendWith(OutputCaptureExtension.class)
class PodVolumeTests {

	private static final Instant NOW = Instant.parse("2030-01-01T00:00:00Z");

	private final SimulatedTime time = new SimulatedTime(NOW);

	private final TestAuthority root = new TestAuthority("root");

	private final TestAuthority intermediate = this.root.intermediate("intermediate");

	@TempDir
	Path volume;

	private int versions;

	/** One file has the key, then the chain without the root. */
	@ParameterizedTest
	@CsvSource({ "EC, 256, credentialbundle.pem, credentialbundle.pem",
			"RSA, 2048, credentialbundle.pem, credentialbundle.pem",
			"ED25519, 256, credentialbundle.pem, credentialbundle.pem", "EC, 256, certificates.pem, key.pem",
			"EC, 256, tls.crt, tls.key" })
	void volumeIsFollowed(KeySpecification.Algorithm algorithm, int size, String certificateFile, String keyFile,
			CapturedOutput output) throws IOException {
		KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(algorithm, size));
		CertificatePair first = pair(keys);
		write(content(first, certificateFile, keyFile));
		CertificateContexts.starter()
			.withBean("certificateClock", SimulatedTime.class, () -> this.time)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.volume.resolve("nowhere"),
					"kubelet.cert.rotate-certificates=false", "kubelet.cert.ssl.trust=system",
					"kubelet.cert.tls-cert-file=" + this.volume.resolve(certificateFile),
					"kubelet.cert.tls-private-key-file=" + this.volume.resolve(keyFile))
			.run((context) -> {
				assertCurrent(context, first);
				for (int i = 0; i < 2; i++) {
					CertificatePair next = pair(keys);
					write(content(next, certificateFile, keyFile));
					this.time.pass(Duration.ofSeconds(10));
					assertCurrent(context, next);
				}
				assertThat(output).doesNotContain("damaged", "stays in use");
				assertThat(this.volume.resolve("nowhere")).doesNotExist();
			});
	}

	private static Map<String, String> content(CertificatePair pair, String certificateFile, String keyFile) {
		String chain = Pem.write(pair.chain());
		return certificateFile.equals(keyFile) ? Map.of(keyFile, key(pair) + chain)
				: Map.of(certificateFile, chain, keyFile, key(pair));
	}

	private static void assertCurrent(ApplicationContext context, CertificatePair pair) {
		Awaitility.await().untilAsserted(() -> {
			assertThat(context.getBean(CertificateManager.class).current()).contains(pair);
			KeyStore store = Objects.requireNonNull(
					context.getBean(SslBundles.class).getBundle("kubelet-client").getStores().getKeyStore());
			assertThat(store.getCertificateChain(store.aliases().nextElement()))
				.containsExactlyElementsOf(pair.chain());
		});
	}

	/** As the kubelet's and the CSI library's writer does. */
	private void write(Map<String, String> files) throws IOException {
		Path data = this.volume.resolve("..data");
		Path previous = Files.exists(data) ? data.toRealPath() : null;
		Path version = Files.createDirectory(this.volume.resolve("..2030_01_01_00_00_00." + this.versions++));
		for (Map.Entry<String, String> file : files.entrySet()) {
			Path target = Files.writeString(version.resolve(file.getKey()), file.getValue());
			Files.setPosixFilePermissions(target, PosixFilePermissions.fromString("rw-------"));
		}
		Path link = Files.createSymbolicLink(this.volume.resolve("..data_tmp"), version.getFileName());
		Files.move(link, data, StandardCopyOption.ATOMIC_MOVE);
		for (String name : files.keySet()) {
			if (!Files.isSymbolicLink(this.volume.resolve(name))) {
				Files.createSymbolicLink(this.volume.resolve(name), Path.of("..data", name));
			}
		}
		FileSystemUtils.deleteRecursively(previous);
	}

	private CertificatePair pair(KeyPair keys) {
		return new CertificatePair(List.of(
				this.intermediate.issue(keys.getPublic(), CertificateTemplate.ofSubject("pod"),
						NOW.minus(Duration.ofHours(1)), NOW.plus(Duration.ofHours(23))),
				this.intermediate.certificate()), keys.getPrivate());
	}

	private static String key(CertificatePair pair) {
		return "-----BEGIN PRIVATE KEY-----\n"
				+ Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(pair.privateKey().getEncoded())
				+ "\n-----END PRIVATE KEY-----\n";
	}

}
