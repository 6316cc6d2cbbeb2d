package io.kubelet.cert.autoconfigure;

import java.util.Collection;

import io.kubelet.cert.certificate.CertificateManagerException;

/**
 * It cannot be told which certificate the template of a supplier is for.
 */
final class AmbiguousTemplateException extends CertificateManagerException {

	private final Collection<String> certificates;

	/**
	 * @param certificates the names of all certificates
	 */
	AmbiguousTemplateException(String message, Collection<String> certificates) {
		super(message, null);
		this.certificates = certificates;
	}

	Collection<String> certificates() {
		return this.certificates;
	}

}
