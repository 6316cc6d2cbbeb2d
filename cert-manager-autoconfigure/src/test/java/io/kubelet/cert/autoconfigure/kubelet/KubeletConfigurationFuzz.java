package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a configuration file of a kubelet that fails otherwise than with a report of
 * what is wrong.
 */
class KubeletConfigurationFuzz {

	private static final Path FILE = file();

	@FuzzTest
	void file(byte[] input) throws IOException {
		Files.write(FILE, input);
		for (Profile profile : Profile.values()) {
			FuzzedInput.requireCheap(() -> read(profile));
		}
	}

	private static void read(Profile profile) {
		try {
			assertThat(KubeletConfiguration.read(FILE, profile)).isNotNull();
		}
		catch (IllegalArgumentException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
	}

	private static Path file() {
		try {
			Path file = Files.createTempFile("kubelet", ".yaml");
			file.toFile().deleteOnExit();
			return file;
		}
		catch (IOException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
