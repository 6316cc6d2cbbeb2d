package io.kubelet.cert.rotation;

import java.util.Optional;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.certificate.CertificatePair;

/**
 * Holds one certificate and rotates it, the way the kubelet's certificate manager does:
 * long before it expires a new key is made, a certificate is requested for it, and the
 * pair is stored and takes the place of the old one.
 * <p>
 * Every method may be called from any thread, and none blocks.
 */
public interface CertificateManager {

	/**
	 * Return the name of the certificate: its pair name.
	 * @return the name
	 */
	String name();

	/**
	 * Start to rotate. A second call does nothing.
	 */
	void start();

	/**
	 * Stop to rotate, for good: what is under way is cancelled, and nothing stays
	 * scheduled. The current pair and the open request remain stored. A second call does
	 * nothing (contract row C13).
	 */
	void stop();

	/**
	 * Return the current pair: a volatile read.
	 * @return the pair; empty if there is none yet, or once it has expired (contract row
	 * C3)
	 */
	Optional<CertificatePair> current();

	/**
	 * Return what there is to know about the certificate at this moment.
	 * @return a snapshot
	 */
	CertificateStatus status();

	/**
	 * Rotate now, whatever the deadline says. A rotation that is under way is not
	 * repeated.
	 * @return the new pair; exceptionally the failure of this attempt, after which the
	 * manager goes on trying by itself. Cancelled if the manager is stopped
	 */
	CompletableFuture<CertificatePair> rotate();

	/**
	 * Add a listener.
	 * @param listener the listener, called from the next event on
	 */
	void addListener(RotationListener listener);

}
