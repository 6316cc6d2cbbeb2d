package io.kubelet.cert.event;

/**
 * There has been no valid certificate for five minutes although the API server is
 * healthy. Where the kubelet exits, an application decides here.
 */
public final class CertificateUnavailableEvent extends CertificateEvent {

	/**
	 * Creates an event.
	 * @param name the name of the certificate
	 */
	public CertificateUnavailableEvent(String name) {
		super(name);
	}

}
