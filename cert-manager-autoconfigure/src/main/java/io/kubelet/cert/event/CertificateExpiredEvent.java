package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

/**
 * A certificate has expired. Published once for each certificate.
 */
public final class CertificateExpiredEvent extends SingleCertificateEvent {

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param certificate the certificate
	 */
	public CertificateExpiredEvent(String name, X509Certificate certificate) {
		super(name, certificate);
	}

}
