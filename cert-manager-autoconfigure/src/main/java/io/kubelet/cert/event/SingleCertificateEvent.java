package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

/**
 * An event about one certificate, which it contains.
 */
abstract class SingleCertificateEvent extends CertificateEvent {

	private final transient X509Certificate certificate;

	SingleCertificateEvent(String name, X509Certificate certificate) {
		super(name);
		this.certificate = certificate;
	}

	/**
	 * Returns the certificate.
	 * @return the certificate; of a rotation, the new one
	 */
	public X509Certificate getCertificate() {
		return this.certificate;
	}

}
