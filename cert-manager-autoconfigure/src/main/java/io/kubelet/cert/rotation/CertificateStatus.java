package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of all that is known about one certificate.
 *
 * @param name the certificate's name
 * @param state its state
 * @param pair the last pair, even if it has expired, {@code null} if there is none yet
 * @param template what the certificate should say, {@code null} if that is not known yet,
 * such as before the start if a supplier says it
 * @param signerName who signs it
 * @param usages what it is requested for, empty if that depends on a key that is yet to
 * be made
 * @param requestedLifetime how long it is to be valid, {@code null} if the signer decides
 * @param nextRotationDeadline when the next rotation is due, {@code null} if there is
 * none to come
 * @param rotations how many certificates this manager has obtained since it was created
 * @param lastRotation when it obtained the last one, {@code null} if it has not yet
 * @param lastFailure the last failed attempt since then, {@code null} if there is none
 * @param openRequest the request that waits for its certificate, {@code null} if none
 * does
 * @param waitingFor what has to become known before a template is, {@code null} if the
 * template is known, or if there is nothing to say
 * @param serverHealthy whether the API server answered as one at the last attempt
 * (contract row C12)
 * @param unavailable whether there has been no valid certificate for five minutes
 * although the API server is healthy (contract row C27)
 */
public record CertificateStatus(String name, State state, @Nullable CertificatePair pair,
		@Nullable CertificateTemplate template, String signerName, List<Usage> usages,
		@Nullable Duration requestedLifetime, @Nullable Instant nextRotationDeadline, long rotations,
		@Nullable Instant lastRotation, @Nullable RotationFailure lastFailure, @Nullable OpenRequest openRequest,
		@Nullable String waitingFor, boolean serverHealthy, boolean unavailable) {

	CertificateStatus in(State state) {
		return new CertificateStatus(this.name, state, this.pair, this.template, this.signerName, this.usages,
				this.requestedLifetime, this.nextRotationDeadline, this.rotations, this.lastRotation, this.lastFailure,
				this.openRequest, this.waitingFor, this.serverHealthy, this.unavailable);
	}

	CertificateStatus withFailure(RotationFailure lastFailure) {
		return new CertificateStatus(this.name, this.state, this.pair, this.template, this.signerName, this.usages,
				this.requestedLifetime, this.nextRotationDeadline, this.rotations, this.lastRotation, lastFailure,
				this.openRequest, this.waitingFor, this.serverHealthy, this.unavailable);
	}

	/**
	 * The state of a certificate.
	 */
	public enum State {

		/** There is a certificate, and its rotation is not due. */
		VALID,

		/** There is no certificate yet. */
		WAITING,

		/** The certificate is valid, but its rotation deadline has passed. */
		OVERDUE,

		/** The certificate has expired. */
		EXPIRED,

		/** The certificate is valid, and rotation is off. */
		STATIC;

		static State of(CertificateStatus status, boolean rotating, Instant now) {
			if (status.pair == null) {
				return WAITING;
			}
			if (status.pair.isExpired(now)) {
				return EXPIRED;
			}
			if (!rotating) {
				return STATIC;
			}
			Instant deadline = status.nextRotationDeadline;
			return (deadline != null && now.isAfter(deadline)) ? OVERDUE : VALID;
		}

	}

	/**
	 * A request that waits for its certificate.
	 *
	 * @param name the object's name, {@code null} if the signer has not named it yet
	 * @param createdAt when it was created, {@code null} if it is not known to be
	 * @param conditions the types of its conditions
	 */
	public record OpenRequest(@Nullable String name, @Nullable Instant createdAt, List<String> conditions) {

	}

}
