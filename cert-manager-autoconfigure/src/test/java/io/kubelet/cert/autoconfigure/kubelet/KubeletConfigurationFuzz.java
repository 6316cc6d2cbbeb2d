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
	private static final Pattern BEFORE_SECRET = Pattern.compile("Authorization[\"']?\\s*:\\s+[\\[\"'-]*\\s*");

	@FuzzTest
	void file(byte[] input) throws IOException {
		String secret = FuzzedInput.secret(input);
		String text = FuzzedInput.withSecret(new String(input, StandardCharsets.UTF_8), BEFORE_SECRET, secret);
		Set<String> secrets = FuzzedInput.piecesIn(text, secret);
		Files.writeString(FILE, text);
		for (Profile profile : Profile.values()) {
			FuzzedInput.requireCheap(() -> read(profile, secrets));
		}
	}

	private static void read(Profile profile, Set<String> secrets) {
		try {
			assertThat(KubeletConfiguration.read(FILE, profile)).isNotNull();
		}
		catch (IllegalArgumentException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
			FuzzedInput.requireNoSecret(String.valueOf(ex.getMessage()), secrets);
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
