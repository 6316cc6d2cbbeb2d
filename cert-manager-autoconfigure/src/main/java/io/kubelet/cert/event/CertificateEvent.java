package io.kubelet.cert.event;

import org.springframework.context.ApplicationEvent;

/**
 * Something happened to a certificate. Published when SSL bundles, servers and clients
 * have the new pair, on a thread that no rotation waits for, and in the order of the
 * events of the certificate. Events that occur earlier are published once the application
 * context has been refreshed. A listener that throws or blocks does not affect the
 * rotation; a {@link org.springframework.context.event.EventListener} that blocks delays
 * the other event listeners for the same certificate.
 */
public abstract class CertificateEvent extends ApplicationEvent {

	protected CertificateEvent(String name) {
		super(name);
	}

	/**
	 * Returns the certificate's name.
	 * @return the pair name
	 */
	public String getName() {
		return (String) getSource();
	}

}
