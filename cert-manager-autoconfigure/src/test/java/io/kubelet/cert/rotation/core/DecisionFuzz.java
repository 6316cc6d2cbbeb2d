package io.kubelet.cert.rotation.core;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.testsupport.FuzzedInput;

/**
 * Looks for a sequence of events that breaks a promise of {@link PropertiesTests}.
 */
class DecisionFuzz {

	/**
	 * So many are used for an event, about. Without some for each, all events would be
	 * alike.
	 */
	private static final int BYTES = 6;

	@FuzzTest
	void events(byte[] bytes) {
		FuzzedInput.requireCheap(() -> {
			FuzzedInput input = new FuzzedInput(bytes);
			boolean shared = input.nextBoolean();
			PropertiesTests.play(input, 1 + input.nextInt(3), shared, 1 + bytes.length / BYTES);
		});
	}

}
