package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.ReadableDuration;

/**
 * A rotation was requested too soon after another one. The message says when to try
 * again.
 */
public final class RotationThrottledException extends CertificateManagerException {

	private final transient Instant retryAt;

	public RotationThrottledException(String name, Duration interval, Instant retryAt) {
		super("Certificate '%s' is not rotated: a rotation was requested less than %s ago. Try again at %s"
			.formatted(name, ReadableDuration.of(interval), retryAt), null);
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
