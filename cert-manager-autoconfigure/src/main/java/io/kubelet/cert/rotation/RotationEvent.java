package io.kubelet.cert.rotation;

import io.kubelet.cert.certificate.CertificatePair;
import org.jspecify.annotations.Nullable;

/**
 * What has happened to a certificate.
 */
public sealed interface RotationEvent {

	/**
	 * Returns the certificate's name.
	 * @return the name
	 */
	String name();

	/**
	 * A pair has become current: it was issued, or another program stored it.
	 *
	 * @param name the certificate's name
	 * @param previous the previous pair, {@code null} if there was none
	 * @param current the new pair
	 */
	record Rotated(String name, @Nullable CertificatePair previous, CertificatePair current) implements RotationEvent {

	}

	/**
	 * An attempt to rotate has failed; another will follow.
	 *
	 * @param name the certificate's name
	 * @param failure what went wrong
	 */
	record Failed(String name, CertificateStatus.Failure failure) implements RotationEvent {

	}

	/**
	 * The certificate should have been replaced and was not: the latest deadline that the
	 * configuration allows has passed. Occurs once for a pair.
	 *
	 * @param name the certificate's name
	 * @param current the pair that is overdue
	 */
	record Overdue(String name, CertificatePair current) implements RotationEvent {

	}

	/**
	 * The certificate has expired. Occurs once for a pair.
	 *
	 * @param name the certificate's name
	 * @param expired the pair that has expired
	 */
	record Expired(String name, CertificatePair expired) implements RotationEvent {

	}

	/**
	 * The certificate begins in the future, by more than the accepted clock skew: it was
	 * stored too early, or the clock is wrong. Occurs once for a pair.
	 *
	 * @param name the certificate's name
	 * @param pair the pair that is not valid yet
	 */
	record NotYetValid(String name, CertificatePair pair) implements RotationEvent {

	}

	/**
	 * There has been no valid certificate for five minutes although the API server is
	 * healthy, which makes a kubelet exit. Occurs once until there is one again.
	 *
	 * @param name the certificate's name
	 */
	record Unavailable(String name) implements RotationEvent {

	}

}
