package io.kubelet.cert.testsupport;

import java.time.Duration;

import org.assertj.core.api.ThrowingConsumer;

/**
 * A timeout that a test waits for, such as that of a start that fails. It is short enough
 * for an idle machine at first, and rises when the test fails, as on a busy machine.
 */
public final class RisingTimeout {

	private static final Duration LONGEST = Duration.ofMinutes(1);

	private RisingTimeout() {
	}

	/** Runs a test with a timeout, and again with longer ones if it fails. */
	public static void from(Duration shortest, ThrowingConsumer<Duration> test) {
		for (Duration timeout = shortest; timeout.compareTo(LONGEST) < 0; timeout = timeout.multipliedBy(4)) {
			try {
				test.accept(timeout);
				return;
			}
			catch (AssertionError ex) {
				// The machine may be busy
			}
		}
		test.accept(LONGEST);
	}

}
