package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

/**
 * A certificate begins in the future, by more than the accepted clock skew. Published
 * once for each certificate.
 */
public final class CertificateNotYetValidEvent extends SingleCertificateEvent {

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param certificate the certificate
	 */
	public CertificateNotYetValidEvent(String name, X509Certificate certificate) {
		super(name, certificate);
	}

}
