package io.kubelet.cert.event;

import java.security.cert.X509Certificate;

import org.jspecify.annotations.Nullable;

/**
 * A certificate has become current: it was issued, or another program stored it. The key
 * is not in it; ask the {@link io.kubelet.cert.rotation.CertificateManager} for the pair.
 */
public final class CertificateRotatedEvent extends SingleCertificateEvent {

	private final transient @Nullable X509Certificate previousCertificate;

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 * @param previousCertificate the previous certificate, {@code null} if there was none
	 * @param certificate the new certificate
	 */
	public CertificateRotatedEvent(String name, @Nullable X509Certificate previousCertificate,
			X509Certificate certificate) {
		super(name, certificate);
		this.previousCertificate = previousCertificate;
	}

	/**
	 * Returns the previous certificate.
	 * @return the certificate, {@code null} if there was none
	 */
	public @Nullable X509Certificate getPreviousCertificate() {
		return this.previousCertificate;
	}

}
