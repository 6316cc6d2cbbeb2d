package io.kubelet.cert.certificate;

import java.nio.charset.StandardCharsets;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Looks for a text that breaks the promise of reading PEM. The profile {@code fuzz} runs
 * it; {@code FuzzCorpusTests} replays what is kept.
 */
class PemFuzz {

	@FuzzTest
	void text(byte[] input) {
		PemReading.keepsItsPromise(new String(input, StandardCharsets.UTF_8));
	}

}
