package io.kubelet.cert.certificate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

import io.kubelet.cert.certificate.TextFile.UnusableFileException;
import io.kubelet.cert.testsupport.Pipes;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.Timeout.ThreadMode;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link TextFile}.
 *
 * @see TextFile
 */
@Timeout(value = 120, threadMode = ThreadMode.SEPARATE_THREAD)
class TextFileTests {

	@TempDir
	Path directory;

	@Test
	void fileIsReadThroughLinksAndBytesThatAreNoTextAreReplaced() throws IOException {
		Path file = Files.write(this.directory.resolve("file"), new byte[] { 'a', (byte) 0xff, 'b' });
		assertThat(TextFile.read(Files.createSymbolicLink(this.directory.resolve("link"), file))).isEqualTo("a\ufffdb");
	}

	@Test
	void fileOfAMebibyteIsReadAndALargerOneIsNot() throws IOException {
		Path file = Files.write(this.directory.resolve("file"), new byte[1024 * 1024]);
		assertThat(TextFile.read(file)).hasSize(1024 * 1024);
		Files.write(file, new byte[1024 * 1024 + 1]);
		assertThatExceptionOfType(UnusableFileException.class).isThrownBy(() -> TextFile.read(file))
			.withMessage(
					file + ": it is larger than 1 MiB, and larger files are not read: check that it is the right file");
	}

	@Test
	@EnabledOnOs({ OS.LINUX, OS.MAC })
	void onlyRegularFilesAreOpened() throws Exception {
		Path pipe = Pipes.create(this.directory.resolve("pipe"));
		Path link = Files.createSymbolicLink(this.directory.resolve("link"), pipe);
		for (Path file : List.of(this.directory, pipe, link, Path.of("/dev/zero"))) {
			assertThatExceptionOfType(UnusableFileException.class).isThrownBy(() -> TextFile.read(file))
				.withMessageStartingWith(file + ": it is a directory, a pipe or a device");
		}
	}

	/** Its size is 0, whatever its content is. */
	@Test
	@EnabledOnOs(OS.LINUX)
	void fileThatTheSystemGeneratesIsRead() throws IOException {
		assertThat(TextFile.read(Path.of("/proc/self/status"))).contains("Name:");
	}

}
