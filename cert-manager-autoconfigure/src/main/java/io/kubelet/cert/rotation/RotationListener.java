package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Receives the events of certificates. SSL bundles, servers and clients have the new pair
 * before a listener is called for a rotation.
 * <p>
 * A listener is called on threads that no rotation waits for: one call at a time for each
 * certificate, in the order of the events. What it throws is logged. A listener may
 * block, and may call {@link CertificateManager#rotate()} and wait for it; one that does
 * not return for 30 seconds is named in a warning. Events that occur before the
 * application has started are kept for listeners that are beans.
 */
public interface RotationListener {

	/**
	 * A pair has become current: it was issued, or another program stored it.
	 * @param name the certificate's name
	 * @param previous the previous pair, {@code null} if there was none
	 * @param current the new pair
	 */
	default void rotated(String name, @Nullable CertificatePair previous, CertificatePair current) {
	}

	/**
	 * An attempt to rotate has failed; another will follow.
	 * @param name the certificate's name
	 * @param failure what went wrong
	 */
	default void failed(String name, CertificateStatus.Failure failure) {
	}

	/**
	 * The certificate should have been replaced and was not: the latest deadline that the
	 * configuration allows has passed. Called once for a pair.
	 * @param name the certificate's name
	 * @param current the pair that is overdue
	 */
	default void overdue(String name, CertificatePair current) {
	}

	/**
	 * The certificate has expired. Called once for a pair.
	 * @param name the certificate's name
	 * @param expired the pair that has expired
	 */
	default void expired(String name, CertificatePair expired) {
	}

	/**
	 * The certificate begins in the future, by more than the accepted clock skew: it was
	 * stored too early, or the clock is wrong. Called once for a pair.
	 * @param name the certificate's name
	 * @param pair the pair that is not valid yet
	 */
	default void notYetValid(String name, CertificatePair pair) {
	}

	/**
	 * There has been no valid certificate for five minutes although the API server is
	 * healthy, which makes a kubelet exit. Called once until there is one again.
	 * @param name the certificate's name
	 */
	default void unavailable(String name) {
	}

}
