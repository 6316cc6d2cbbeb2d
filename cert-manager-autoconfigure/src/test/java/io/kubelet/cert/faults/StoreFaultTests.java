package io.kubelet.cert.faults;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.testsupport.Figures;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Tests for the engine with a store that fails or whose files are damaged.
 */
class StoreFaultTests {

	@AutoClose
	private final RotatingProgram program = new RotatingProgram();

	@ParameterizedTest
	@ValueSource(strings = { "", "-----BEGIN CERTIFICATE-----\nMIIB", "garbage" })
	void currentFileThatIsDamagedMakesWayForANewPair(String content) throws IOException {
		this.program.store().update(this.program.old);
		Files.writeString(this.program.pki.resolve("one-current.pem").toRealPath(), content);
		this.program.restart();
		CertificatePair pair = this.program.awaitRotation();
		assertThat(this.program.store().current()).contains(pair);
		assertThat(files(this.program.pki)).anyMatch((file) -> file.endsWith(".damaged"));
		this.program.assertFigures("damaged current file", "1 POST, 1 watch, 0 GET, 0 list, 1 objects");
	}

	@Test
	void directoryThatVanishesIsMadeAnew() throws IOException {
		Path vanishing = this.program.pki;
		this.program.controlPlane.pause();
		this.program.start();
		this.program.awaitFailure("Unreachable", 1);
		await().until(() -> {
			files(vanishing).forEach((file) -> vanishing.resolve(file).toFile().delete());
			return vanishing.toFile().delete();
		});
		this.program.assertOldServes();
		this.program.controlPlane.resume();
		CertificatePair pair = this.program.awaitRotation();
		assertThat(this.program.store().current()).contains(pair);
		assertThat(this.program.creates()).isOne();
		Figures.report("directory vanished", this.program.figures());
	}

	private static List<String> files(Path directory) throws IOException {
		try (Stream<Path> files = Files.list(directory)) {
			return files.map((file) -> file.getFileName().toString()).toList();
		}
	}

}
