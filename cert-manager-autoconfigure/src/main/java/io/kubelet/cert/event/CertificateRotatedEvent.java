package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

import io.kubelet.cert.certificate.CertificateNames;
import org.jspecify.annotations.Nullable;

/**
 * A certificate has become current: it was issued, or another program stored it. The key
 * is not in it; ask the {@link io.kubelet.cert.rotation.CertificateManager} for the pair.
 */
public final class CertificateRotatedEvent extends CertificateEvent {

	private final transient @Nullable X509Certificate previousCertificate;

	private final transient X509Certificate certificate;

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param previousCertificate the previous certificate, {@code null} if there was none
	 * @param certificate the new certificate
	 */
	public CertificateRotatedEvent(String name, @Nullable X509Certificate previousCertificate,
			X509Certificate certificate) {
		super(name);
		this.previousCertificate = previousCertificate;
		this.certificate = certificate;
	}

	/**
	 * Returns the previous certificate.
	 * @return the certificate, {@code null} if there was none
	 */
	public @Nullable X509Certificate getPreviousCertificate() {
		return this.previousCertificate;
	}

	/**
	 * Returns the new certificate.
	 * @return the certificate
	 */
	public X509Certificate getCertificate() {
		return this.certificate;
	}

	@Override
	public String toString() {
		return "CertificateRotatedEvent[%s, serial number %s, valid until %s]".formatted(getName(),
				CertificateNames.serialNumber(this.certificate), this.certificate.getNotAfter().toInstant());
	}

}
