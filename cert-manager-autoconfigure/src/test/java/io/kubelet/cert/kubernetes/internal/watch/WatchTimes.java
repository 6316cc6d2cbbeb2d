package io.kubelet.cert.kubernetes.internal.watch;

import java.time.Duration;

/**
 * How long a {@link Reflector} watches, and how long it waits until it watches again, for
 * a model of it.
 */
public final class WatchTimes {

	private WatchTimes() {
	}

	/** After how many seconds the server is asked to end a watch. */
	public static int seconds(double random) {
		return Reflector.seconds(random);
	}

	/** The pause before the next watch, in milliseconds. */
	public static long pause(int attempts, Duration retryAfter, double random) {
		return Reflector.pause(attempts, retryAfter, random);
	}

}
