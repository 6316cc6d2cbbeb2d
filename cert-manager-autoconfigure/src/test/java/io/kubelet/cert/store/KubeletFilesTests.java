package io.kubelet.cert.store;

import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same directory, used by a kubelet and by this store.
 */
class KubeletFilesTests {

	@TempDir
	Path directory;

	private final TestAuthority authority = new TestAuthority("authority");

	private final Clock tokyo = Clock.fixed(ManagerFixture.START, ZoneId.of("Asia/Tokyo"));

	@ParameterizedTest
	@ValueSource(strings = { "kubelet-pki-ec", "kubelet-pki-rsa" })
	void directoryThatTheKubeletWroteIsReadAndContinuedAlikeToTheByte(String fixture) throws Exception {
		List<Path> files = copy(fixture);
		Path newest = files.get(files.size() - 1);
		Path current = this.directory.resolve("kubelet-client-current.pem");
		Files.createSymbolicLink(current, newest.toAbsolutePath());
		TestStore store = TestStore.files(this.directory, "kubelet-client", null, 5, this.tokyo);
		CertificatePair pair = store.current().orElseThrow();
		assertThat(pair.leaf().getSubjectX500Principal().getName()).contains("system:node:n1");
		CertificatePair next = pair(KeySpecification.EC_P256);
		store.update(next);
		assertThat(store.current()).contains(next);
		assertThat(Files.readSymbolicLink(current)).isRelative();
		for (Path file : files) {
			String text = Files.readString(file);
			assertThat(Pem.write(Pem.readPair(text))).isEqualTo(text);
		}
	}

	@ParameterizedTest
	@CsvSource({ "EC,256,EC PRIVATE KEY", "EC,521,EC PRIVATE KEY", "RSA,2048,RSA PRIVATE KEY",
			"ED25519,256,PRIVATE KEY" })
	void fileHasTheKubeletsNameModeBlocksAndOrder(KeySpecification.Algorithm algorithm, int size, String keyType)
			throws Exception {
		CertificatePair pair = pair(new KeySpecification(algorithm, size));
		CertificatePair chain = new CertificatePair(List.of(pair.leaf(), this.authority.certificate()),
				pair.privateKey());
		TestStore.files(this.directory, "kubelet-client", null, 5, this.tokyo).update(chain);
		Path current = this.directory.resolve("kubelet-client-current.pem");
		assertThat(Files.readSymbolicLink(current)).hasToString("kubelet-client-2026-01-01-09-00-00.pem");
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(current.toRealPath())))
			.isEqualTo("rw-------");
		List<PemObject> blocks = blocks(Files.readString(current));
		assertThat(blocks).extracting(PemObject::getType).containsExactly("CERTIFICATE", "CERTIFICATE", keyType);
		assertThat(blocks.get(0).getContent()).isEqualTo(pair.leaf().getEncoded());
		assertThat(blocks.get(1).getContent()).isEqualTo(this.authority.certificate().getEncoded());
	}

	private CertificatePair pair(KeySpecification specification) {
		KeyPair keys = KeyPairSource.jdk().generate(specification);
		return new CertificatePair(List.of(this.authority.issue(keys.getPublic(), ManagerFixture.TEMPLATE,
				ManagerFixture.START, ManagerFixture.START.plus(Duration.ofHours(1)))), keys.getPrivate());
	}

	/** Reads PEM as others do. */
	private static List<PemObject> blocks(String text) throws IOException {
		List<PemObject> blocks = new ArrayList<>();
		try (PemReader reader = new PemReader(new StringReader(text))) {
			for (PemObject block = reader.readPemObject(); block != null; block = reader.readPemObject()) {
				blocks.add(block);
			}
		}
		return blocks;
	}

	private List<Path> copy(String fixture) throws IOException {
		List<Path> copies = new ArrayList<>();
		try (Stream<Path> files = Files.list(Path.of("src/test/resources", fixture))) {
			for (Path file : files.sorted().toList()) {
				copies.add(Files.copy(file, this.directory.resolve(file.getFileName().toString())));
			}
		}
		assertThat(copies).hasSize(2);
		return copies;
	}

}
