package io.kubelet.cert.rotation;

/**
 * Receives the events of certificates. SSL bundles, servers and clients have the new pair
 * before a listener is called for a rotation.
 * <p>
 * A listener is called on threads that no rotation waits for: one call at a time for each
 * certificate, in the order of the events. What it throws is logged. A listener may
 * block, and may call {@link CertificateManager#rotate()} and wait for it; one that does
 * not return for 30 seconds is named in the log. Events that occur before the application
 * has started are kept for listeners that are beans.
 */
@FunctionalInterface
public interface RotationListener {

	/**
	 * Something has happened to a certificate.
	 * @param event what has happened, such as {@link RotationEvent.Rotated}
	 */
	void onEvent(RotationEvent event);

}
