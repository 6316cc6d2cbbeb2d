package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

/**
 * A certificate should have been replaced and was not: the latest deadline has passed.
 * Published once for each certificate.
 */
public final class CertificateOverdueEvent extends SingleCertificateEvent {

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param certificate the certificate
	 */
	public CertificateOverdueEvent(String name, X509Certificate certificate) {
		super(name, certificate);
	}

}
