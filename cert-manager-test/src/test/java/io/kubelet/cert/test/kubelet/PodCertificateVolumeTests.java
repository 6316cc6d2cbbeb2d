package io.kubelet.cert.test.kubelet;

import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchEvent;
import java.nio.file.WatchService;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.security.spec.PKCS8EncodedKeySpec;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

import io.kubelet.cert.test.pki.Pem;
import org.bouncycastle.util.io.pem.PemObject;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link PodCertificateVolume}. Layout, modes and events are those of a kubelet
 * 1.34.
 *
 * @see PodCertificateVolume
 */
class PodCertificateVolumeTests {

	private static final String URI = "spiffe://example.org/ns/shop/sa/shop";

	@TempDir
	private Path directory;

	@Test
	void layoutIsThatOfAKubelet() throws IOException {
		volume().write(Map.of("credentialbundle.pem", "pair", "tls/key.pem", "key", "roots.pem", ""));
		assertThat(layout()).containsExactlyInAnyOrder("rwxr-xr-x ..TIME", "..data -> ..TIME",
				"credentialbundle.pem -> ..data/credentialbundle.pem", "tls -> ..data/tls",
				"roots.pem -> ..data/roots.pem", "rw-r--r-- ..TIME/credentialbundle.pem", "rwxr-xr-x ..TIME/tls",
				"rw-r--r-- ..TIME/tls/key.pem", "rw-r--r-- ..TIME/roots.pem");
		assertThat(this.directory.resolve("tls/key.pem")).hasContent("key");
		assertThat(this.directory.resolve("roots.pem")).isEmptyFile();
	}

	@Test
	void refreshIsOneRenameAfterWhichThePreviousDirectoryIsDeleted() throws IOException {
		volume().write(Map.of("roots.pem", "old"));
		try (WatchService watch = this.directory.getFileSystem().newWatchService()) {
			this.directory.register(watch, StandardWatchEventKinds.ENTRY_CREATE, StandardWatchEventKinds.ENTRY_DELETE);
			volume().write(Map.of("roots.pem", "new"));
			List<String> events = new ArrayList<>();
			await().untilAsserted(() -> {
				for (WatchEvent<?> event : Stream.ofNullable(watch.poll())
					.flatMap((key) -> key.pollEvents().stream())
					.toList()) {
					events.add(event.kind().name() + " " + withoutTime(event.context()));
				}
				assertThat(events).containsExactly("ENTRY_CREATE ..TIME", "ENTRY_CREATE ..data_tmp",
						"ENTRY_DELETE ..data_tmp", "ENTRY_CREATE ..data", "ENTRY_DELETE ..TIME");
			});
		}
		assertThat(this.directory.resolve("roots.pem")).hasContent("new");
		assertThat(layout()).hasSize(4);
	}

	@Test
	void eachIssueIsANewKeyWithACertificateOfTheSameAuthority() throws Exception {
		PodCertificateVolume volume = volume();
		volume.issue(URI);
		X509Certificate first = issued();
		volume.issue(URI);
		X509Certificate second = issued();
		assertThat(second.getPublicKey()).isNotEqualTo(first.getPublicKey());
		X509Certificate authority = certificate(blocks("trustbundle.pem").get(0));
		first.verify(authority.getPublicKey());
		second.verify(authority.getPublicKey());
	}

	private PodCertificateVolume volume() {
		return PodCertificateVolume.in(this.directory, Clock.systemUTC());
	}

	private X509Certificate issued() throws Exception {
		List<PemObject> bundle = blocks("credentialbundle.pem");
		assertThat(bundle).extracting(PemObject::getType).containsExactly("PRIVATE KEY", "CERTIFICATE");
		assertThat(Files.readString(this.directory.resolve("key.pem"))
				+ Files.readString(this.directory.resolve("certificates.pem")))
			.isEqualTo(Files.readString(this.directory.resolve("credentialbundle.pem")));
		X509Certificate certificate = certificate(bundle.get(1));
		certificate.checkValidity();
		assertThat(certificate.getSubjectX500Principal().getName()).isEmpty();
		assertThat(certificate.getSubjectAlternativeNames()).containsExactly(List.of(6, URI));
		assertThat(certificate.getCriticalExtensionOIDs()).contains("2.5.29.17");
		Signature signature = Signature.getInstance("SHA256withECDSA");
		signature.initSign(
				KeyFactory.getInstance("EC").generatePrivate(new PKCS8EncodedKeySpec(bundle.get(0).getContent())));
		byte[] signed = signature.sign();
		signature.initVerify(certificate);
		assertThat(signature.verify(signed)).isTrue();
		return certificate;
	}

	private List<PemObject> blocks(String file) throws IOException {
		return Pem.read(Files.readString(this.directory.resolve(file)));
	}

	private static X509Certificate certificate(PemObject block) throws Exception {
		return (X509Certificate) CertificateFactory.getInstance("X.509")
			.generateCertificate(new ByteArrayInputStream(block.getContent()));
	}

	/** Each file with its permissions, or with what it links to. */
	private List<String> layout() throws IOException {
		List<String> layout = new ArrayList<>();
		try (Stream<Path> paths = Files.walk(this.directory)) {
			for (Path path : paths.skip(1).toList()) {
				String name = this.directory.relativize(path).toString();
				layout.add(withoutTime(Files.isSymbolicLink(path) ? name + " -> " + Files.readSymbolicLink(path)
						: PosixFilePermissions.toString(Files.getPosixFilePermissions(path, LinkOption.NOFOLLOW_LINKS))
								+ " " + name));
			}
		}
		return layout;
	}

	private static String withoutTime(Object path) {
		return path.toString().replaceAll("[.]{2}\\d{4}(_\\d\\d){5}[.]\\d+", "..TIME");
	}

}
