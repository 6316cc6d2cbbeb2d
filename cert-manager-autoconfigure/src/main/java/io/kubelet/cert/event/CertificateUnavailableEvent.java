package io.kubelet.cert.event;

/**
 * There has been no valid certificate for five minutes although the API server is
 * healthy. The kubelet exits in this case; an application can decide what to do.
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
