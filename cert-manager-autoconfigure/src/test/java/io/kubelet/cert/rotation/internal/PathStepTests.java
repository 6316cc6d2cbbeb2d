package io.kubelet.cert.rotation.internal;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link PathStep}.
 *
 * @see PathStep
 */
class PathStepTests {

	@TempDir
	Path directory;

	private Path volume = Path.of("");

	@BeforeEach
	void create() throws IOException {
		this.volume = Files.createDirectory(this.directory.toRealPath().resolve("volume"));
		Files.createFile(this.volume.resolve("tls.crt"));
	}

	@Test
	void stepsAreTheFileItsDirectoryAndEachLink() throws IOException {
		Files.createSymbolicLink(this.volume.resolveSibling("link"), this.volume);
		assertThat(PathStep.to(List.of(this.volume.resolve("tls.crt")))).extracting(PathStep::name)
			.containsExactly(Path.of("volume"), Path.of("tls.crt"));
		assertThat(PathStep.to(List.of(this.volume.resolveSibling("link").resolve("tls.crt"))))
			.extracting(PathStep::name)
			.containsExactly(Path.of("link"), Path.of("volume"), Path.of("tls.crt"));
	}

	/** As many as Linux follows, which also ends one that leads to itself. */
	@ParameterizedTest
	@CsvSource({ "40, true", "41, false" })
	void fortyLinksAreFollowed(int links, boolean found) throws IOException {
		for (int i = 1; i <= links; i++) {
			Files.createSymbolicLink(this.volume.resolve("link" + i), Path.of((i == 1) ? "tls.crt" : "link" + (i - 1)));
		}
		Path file = this.volume.resolve("link" + links);
		assertThat(Files.exists(file)).isEqualTo(found);
		assertThat(PathStep.to(List.of(file)).stream().anyMatch((step) -> step.name().equals(Path.of("tls.crt"))))
			.isEqualTo(found);
	}

}
