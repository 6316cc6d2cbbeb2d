package io.kubelet.cert.autoconfigure.settings;

import io.kubelet.cert.certificate.CertificateManagerException;

/**
 * Reports settings that cannot be used, and that are not the value of one property.
 */
public final class InvalidSettingsException extends CertificateManagerException {

	private final String action;

	/**
	 * Creates an exception.
	 * @param message what is wrong
	 * @param action what to do
	 */
	public InvalidSettingsException(String message, String action) {
		super(message, null);
		this.action = action;
	}

	/**
	 * Returns what to do.
	 * @return the action for the failure report
	 */
	public String action() {
		return this.action;
	}

}
