package io.kubelet.cert.autoconfigure;

import io.kubelet.cert.certificate.CertificateManagerException;

/**
 * Reports that the templates of suppliers cannot be assigned to certificates.
 */
final class AmbiguousTemplateException extends CertificateManagerException {

	private final String action;

	/**
	 * Creates an exception.
	 * @param message what is wrong
	 * @param action what to do
	 */
	AmbiguousTemplateException(String message, String action) {
		super(message, null);
		this.action = action;
	}

	String action() {
		return this.action;
	}

}
