package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Told of what happens to a certificate, on the rotation thread: one call at a time for
 * each certificate. A listener that is a bean is told on the thread that starts the
 * application of what has happened before it has started. What a listener throws is
 * logged, and stops neither the rotation nor the other listeners; a listener that is slow
 * delays the certificate's next steps.
 */
public interface RotationListener {

	/**
	 * A pair has become current: it was issued, or another program stored it.
	 * @param name the certificate's name
	 * @param previous the pair before, {@code null} if there was none
	 * @param current the pair now
	 */
	default void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
	}

	/**
	 * An attempt to rotate has failed; another will follow.
	 * @param name the certificate's name
	 * @param failure what went wrong
	 */
	default void failed(String name, RotationFailure failure) {
	}

	/**
	 * The certificate should have been rotated and was not: the latest deadline that the
	 * configuration allows has passed. Told once for a pair.
	 * @param name the certificate's name
	 * @param current the pair that is overdue
	 */
	default void overdue(String name, CertificatePair current) {
	}

	/**
	 * The certificate has expired. Told once for a pair.
	 * @param name the certificate's name
	 * @param expired the pair that has expired
	 */
	default void expired(String name, CertificatePair expired) {
	}

	/**
	 * There has been no valid certificate for five minutes although the API server is
	 * healthy (contract row C27, where the kubelet exits). Told once until there is one
	 * again.
	 * @param name the certificate's name
	 */
	default void unavailable(String name) {
	}

}
