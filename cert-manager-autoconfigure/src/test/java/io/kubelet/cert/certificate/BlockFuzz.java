package io.kubelet.cert.certificate;

import com.code_intelligence.jazzer.junit.FuzzTest;

/**
 * Looks for the content of a PEM block that breaks the promise of reading PEM, behind the
 * Base64 at which {@link PemFuzz} gets stuck.
 */
class BlockFuzz {

	@FuzzTest
	void block(byte[] input) {
		PemReading.keepsItsPromise(input);
	}

}
