package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Set;
import java.util.regex.Pattern;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.FuzzedInput;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a configuration file of a kubelet that fails otherwise than with a report of
 * what is wrong, or whose secrets are in that report.
 */
class KubeletConfigurationFuzz {

	private static final Path FILE = file();

	/** Comes before a header of {@code staticPodURLHeader}. */
	private static final Pattern BEFORE_SECRET = Pattern.compile("Authorization[\"']?\\s*:\\s*[\\[\"'-]*\\s*");

	private static final Set<String> SECRETS = FuzzedInput.piecesOf(FuzzedInput.SECRET);

	@FuzzTest
	void file(byte[] input) throws IOException {
		Files.writeString(FILE,
				FuzzedInput.withSecret(new String(input, StandardCharsets.UTF_8), BEFORE_SECRET, FuzzedInput.SECRET));
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
			FuzzedInput.requireNoSecret(String.valueOf(ex.getMessage()), SECRETS);
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
