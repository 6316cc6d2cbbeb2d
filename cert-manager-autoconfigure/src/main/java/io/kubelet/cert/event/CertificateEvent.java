package io.kubelet.cert.event;

import org.springframework.context.ApplicationEvent;

/**
 * Something happened to a certificate. Published on the rotation thread, and not before
 * the application context is ready: what happens earlier is published then, in its order,
 * by the thread that starts the application. A listener that throws stops neither the
 * rotation nor the other listeners of it.
 */
public abstract class CertificateEvent extends ApplicationEvent {

	protected CertificateEvent(String name) {
		super(name);
	}

	/**
	 * Return the certificate's name.
	 * @return the pair name
	 */
	public String getName() {
		return (String) getSource();
	}

}
