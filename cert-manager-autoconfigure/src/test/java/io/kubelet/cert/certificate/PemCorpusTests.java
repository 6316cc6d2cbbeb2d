package io.kubelet.cert.certificate;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Replays the texts and blocks that fuzzing begins with, and those that it found. The
 * time limit is for what hangs.
 *
 * @see PemBlock
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class PemCorpusTests {

	@ParameterizedTest
	@MethodSource
	void noTextBreaksThePromise(Path file) throws IOException {
		PemReading.keepsItsPromise(new String(Files.readAllBytes(file), StandardCharsets.UTF_8));
	}

	static List<Path> noTextBreaksThePromise() throws Exception {
		return files("PemFuzzInputs/text");
	}

	@ParameterizedTest
	@MethodSource
	void noBlockBreaksThePromise(Path file) throws IOException {
		PemReading.keepsItsPromise(Files.readAllBytes(file));
	}

	static List<Path> noBlockBreaksThePromise() throws Exception {
		return files("BlockFuzzInputs/block");
	}

	@ParameterizedTest
	@MethodSource
	void noHugeTextBreaksThePromise(String text) {
		PemReading.keepsItsPromise(text);
	}

	static Stream<String> noHugeTextBreaksThePromise() throws Exception {
		String pair = Files.readString(
				files("PemFuzzInputs/text").stream().filter((file) -> file.endsWith("pair")).findFirst().orElseThrow());
		int most = Pem.MAXIMUM_LENGTH;
		return Stream.of("A".repeat(most + 1), "\n".repeat(most), "-----BEGIN ".repeat(most / 11),
				pair + "x".repeat(most - pair.length()), pair.repeat(most / pair.length()),
				"-----BEGIN CERTIFICATE-----\n" + "A".repeat(most - 60) + "\n-----END CERTIFICATE-----\n",
				"-----BEGIN CERTIFICATE-----\n" + "MIAw".repeat(most / 4 - 20) + "\n-----END CERTIFICATE-----\n",
				"-----BEGIN PRIVATE KEY-----\n" + "MIAwgDCA".repeat(most / 8 - 20) + "\n-----END PRIVATE KEY-----\n",
				"-----BEGIN CERTIFICATE REQUEST-----\n" + "Name: x\n".repeat(most / 8 - 20)
						+ "\n-----END CERTIFICATE REQUEST-----\n");
	}

	private static List<Path> files(String folder) throws IOException, URISyntaxException {
		Path directory = Path.of(Objects.requireNonNull(PemCorpusTests.class.getResource(folder)).toURI());
		try (Stream<Path> files = Files.list(directory)) {
			return files.sorted().toList();
		}
	}

}
