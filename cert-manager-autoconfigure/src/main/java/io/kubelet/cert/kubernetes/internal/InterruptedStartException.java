package io.kubelet.cert.kubernetes.internal;

/**
 * A shutdown has ended the wait of a start. It is no failure.
 */
public final class InterruptedStartException extends IllegalStateException {

	/**
	 * Creates an exception.
	 * @param awaited what the start has waited for
	 * @param cause the interruption
	 */
	public InterruptedStartException(String awaited, InterruptedException cause) {
		super("Interrupted while waiting for " + awaited, cause);
	}

}
