package io.kubelet.cert.rotation;

import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException;

/**
 * A rotation was requested too soon after another one, or while the API server asks for a
 * pause ({@code Retry-After}). The message says when to try again.
 */
public final class RotationThrottledException extends CertificateManagerException {

	private final transient Instant retryAt;

	public RotationThrottledException(String name, String reason, Instant retryAt) {
		super("Certificate '%s' is not rotated: %s. Try again at %s".formatted(name, reason, retryAt), null);
		this.retryAt = retryAt;
	}

	/**
	 * Returns when the next rotation can be requested.
	 * @return the instant
	 */
	public Instant retryAt() {
		return this.retryAt;
	}

}
