package io.kubelet.cert.rotation;

import java.util.Optional;

import io.kubelet.cert.certificate.CertificateTemplate;

/**
 * Supplies the template of a certificate. It is asked from the start of the manager on:
 * about once a second; if it signals its changes, then and at least once a minute; if
 * rotation is off, every 10 seconds. When its answer changes and the current certificate
 * does not satisfy it, the certificate is rotated at once.
 * <p>
 * It is called by one thread at a time, and nothing waits for it. If it throws, or does
 * not return, which the status reports, its last template stays in use.
 */
@FunctionalInterface
public interface CertificateTemplateSupplier {

	/**
	 * Returns the template.
	 * @return the template; empty if it is not known yet, and then nothing is requested
	 */
	Optional<CertificateTemplate> get();

	/**
	 * Returns what has to become known before there is a template. Called when there is
	 * none.
	 * @return the text that completes "waiting for", such as
	 * {@code addresses of node n1}; empty if there is nothing to report
	 */
	default Optional<String> waitingFor() {
		return Optional.empty();
	}

	/**
	 * Registers a callback for changes. A supplier that returns {@code true} has to run
	 * the callback whenever its answer may have changed; it is then not asked each
	 * second. Called once, at the start of the manager.
	 * @param changed the callback, which does not block
	 * @return whether this supplier signals every change, {@code false} by default
	 */
	default boolean onChange(Runnable changed) {
		return false;
	}

}
