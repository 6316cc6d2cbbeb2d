package io.kubelet.cert.rotation;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;

/**
 * Says what a certificate should say at this moment. From the start of the manager on, it
 * is asked about once a second (contract row C11); when the answer changes and the
 * current certificate does not satisfy it, the certificate is rotated at once.
 */
@FunctionalInterface
public interface CertificateTemplateSupplier {

	/**
	 * Return the template. Must not block.
	 * @return the template; empty if it is not known yet, and then nothing is requested
	 */
	Optional<CertificateTemplate> get();

	/**
	 * Say what has to become known before there is a template. Asked when there is none.
	 * Must not block.
	 * @return the text that completes "waiting for", such as
	 * {@code addresses of node n1}; empty if there is nothing to say
	 */
	default Optional<String> waitingFor() {
		return Optional.empty();
	}

}
