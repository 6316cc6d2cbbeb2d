package io.kubelet.cert.event;

import io.kubelet.cert.rotation.CertificateStatus;

/**
 * An attempt to rotate has failed; there will be another one.
 */
public final class CertificateRotationFailedEvent extends CertificateEvent {

	private final transient CertificateStatus.Failure failure;

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param failure what went wrong
	 */
	public CertificateRotationFailedEvent(String name, CertificateStatus.Failure failure) {
		super(name);
		this.failure = failure;
	}

	/**
	 * Returns what went wrong.
	 * @return the failure, with the time of the next attempt
	 */
	public CertificateStatus.Failure getFailure() {
		return this.failure;
	}

}
