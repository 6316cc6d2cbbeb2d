package io.kubelet.cert.store;

import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.KeyPair;
import java.time.Clock;
import java.time.Duration;
import java.time.ZoneId;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.pem.PemContent;
import org.springframework.util.FileSystemUtils;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The same directory, used by a kubelet and by this store.
 *
 * @see FileCertificateStore
 */
class KubeletFilesTests extends StoreFixture {

	private final Clock tokyo = Clock.fixed(ManagerFixture.START, ZoneId.of("Asia/Tokyo"));

	@ParameterizedTest
	@ValueSource(strings = { "kubelet-pki-ec", "kubelet-pki-rsa" })
	void directoryThatTheKubeletWroteIsReadAndContinuedAlikeToTheByte(String fixture) throws Exception {
		FileSystemUtils.copyRecursively(Path.of("src/test/resources", fixture), this.directory);
		List<Path> files = files(".*").stream().sorted().toList();
		assertThat(files).hasSize(2);
		Files.createSymbolicLink(current(), files.get(1));
		TestStore store = store();
		CertificatePair pair = store.current().orElseThrow();
		assertThat(pair.leaf().getSubjectX500Principal().getName()).contains("system:node:n1");
		CertificatePair next = pair();
		store.update(next);
		assertThat(store.current()).contains(next);
		assertThat(Files.readSymbolicLink(current())).isRelative();
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
		KeyPair keys = KeyPairSource.jdk().generate(new KeySpecification(algorithm, size));
		CertificatePair pair = CertificatePair
			.of(List.of(this.authority.issue(keys.getPublic(), ManagerFixture.TEMPLATE, ManagerFixture.START,
					ManagerFixture.START.plus(Duration.ofHours(1))), this.authority.certificate()), keys);
		store().update(pair);
		assertThat(Files.readSymbolicLink(current())).hasToString("kubelet-client-2026-01-01-09-00-00.pem");
		assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(current().toRealPath())))
			.isEqualTo("rw-------");
		assertThat(Files.readString(current()).lines().filter((line) -> line.startsWith("-----BEGIN"))).containsExactly(
				"-----BEGIN CERTIFICATE-----", "-----BEGIN CERTIFICATE-----", "-----BEGIN " + keyType + "-----");
		PemContent others = PemContent.load(current());
		assertThat(new CertificatePair(others.getCertificates(), Objects.requireNonNull(others.getPrivateKey())))
			.isEqualTo(pair);
	}

	@Override
	TestStore store() {
		return TestStore.files(this.directory, "kubelet-client", null, 5, this.tokyo);
	}

}
