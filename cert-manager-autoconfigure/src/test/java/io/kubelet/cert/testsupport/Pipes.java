package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.nio.file.Path;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;

/**
 * Creates named pipes. Whoever opens one that has no writer waits forever, as with a file
 * on a network volume that hangs.
 */
public final class Pipes {

	private Pipes() {
	}

	public static Path create(Path file) throws IOException, InterruptedException {
		assumeThat(System.getProperty("os.name")).doesNotContain("Windows");
		assertThat(new ProcessBuilder("mkfifo", file.toString()).start().waitFor()).isZero();
		return file;
	}

}
