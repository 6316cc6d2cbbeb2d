package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * Takes over each new pair before listeners are called, such as an SSL bundle or a pool
 * of connections. For use inside the starter: an application uses a
 * {@link RotationListener}.
 */
@FunctionalInterface
public interface RotationFollower {

	/**
	 * A pair has become current.
	 * @param name the certificate's name
	 * @param previous the previous pair, {@code null} if there was none
	 * @param current the new pair
	 */
	void rotated(String name, @Nullable CertificatePair previous, CertificatePair current);

}
