package io.kubelet.cert.certificate;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Texts of the greatest length, which no fuzzer makes. The time limit is for what hangs.
 *
 * @see PemBlock
 */
@Timeout(value = 2, unit = TimeUnit.MINUTES)
class PemCorpusTests {

	@ParameterizedTest
	@MethodSource
	void noHugeTextBreaksThePromise(String text) {
		PemReading.keepsItsPromise(text);
	}

	static Stream<String> noHugeTextBreaksThePromise() throws Exception {
		String pair = Files.readString(
				Path.of(Objects.requireNonNull(PemCorpusTests.class.getResource("PemFuzzInputs/text/pair")).toURI()));
		int most = Pem.MAXIMUM_LENGTH;
		return Stream.of("A".repeat(most + 1), "\n".repeat(most), "-----BEGIN ".repeat(most / 11),
				pair + "x".repeat(most - pair.length()), pair.repeat(most / pair.length()),
				"-----BEGIN CERTIFICATE-----\n" + "A".repeat(most - 60) + "\n-----END CERTIFICATE-----\n",
				"-----BEGIN CERTIFICATE-----\n" + "MIAw".repeat(most / 4 - 20) + "\n-----END CERTIFICATE-----\n",
				"-----BEGIN PRIVATE KEY-----\n" + "MIAwgDCA".repeat(most / 8 - 20) + "\n-----END PRIVATE KEY-----\n",
				"-----BEGIN CERTIFICATE REQUEST-----\n" + "Name: x\n".repeat(most / 8 - 20)
						+ "\n-----END CERTIFICATE REQUEST-----\n");
	}

}
