package io.kubelet.cert.rotation;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificateManagerException.Recovery;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import org.jspecify.annotations.Nullable;

/**
 * A snapshot of all that is known about one certificate.
 *
 * @param name the certificate's name
 * @param state its state
 * @param pair the last pair, even if it has expired, {@code null} if there is none yet
 * @param requested what is requested
 * @param schedule when the certificate is rotated
 * @param pendingRequest the pending request, {@code null} if there is none
 * @param rotations the rotations so far
 * @param lastFailure the last failed attempt since the last rotation, {@code null} if
 * there is none
 * @param health what keeps the certificate from being rotated
 */
public record CertificateStatus(String name, State state, @Nullable CertificatePair pair, Requested requested,
		Schedule schedule, @Nullable ConfirmedRequest pendingRequest, Rotations rotations,
		@Nullable Failure lastFailure, Health health) {

	/**
	 * What is requested.
	 *
	 * @param template the names, {@code null} while a supplier has not returned any
	 * @param signerName the signer
	 * @param usages the usages, empty if they depend on a key that is not generated yet
	 * @param lifetime the lifetime, {@code null} if the signer decides
	 */
	public record Requested(@Nullable CertificateTemplate template, String signerName, List<Usage> usages,
			@Nullable Duration lifetime) {

	}

	/**
	 * When a certificate is rotated.
	 *
	 * @param window the time in which its rotation falls and after which it is overdue,
	 * {@code null} if there is no pair
	 * @param deadline when the next rotation is due, {@code null} if rotation is off
	 */
	public record Schedule(@Nullable Window window, @Nullable Instant deadline) {

		/**
		 * Returns when the rotation becomes overdue.
		 * @return the end of the window, {@code null} if there is none
		 */
		public @Nullable Instant overdueAt() {
			return (this.window != null) ? this.window.latest() : null;
		}

	}

	/**
	 * The rotations since the manager was created.
	 *
	 * @param count how many certificates it has obtained
	 * @param waited how long their requests have waited, in total
	 * @param last when it obtained the last one, {@code null} if it has not yet
	 * @param failures how many attempts have failed, by kind, without kinds of which none
	 * has
	 * @param failingSince when the first of the attempts failed that have failed in a
	 * row, {@code null} if the last one succeeded
	 * @param history the last 20 rotations and failed attempts, the latest one first
	 */
	public record Rotations(long count, Duration waited, @Nullable Instant last, Map<Kind, Long> failures,
			@Nullable Instant failingSince, List<Outcome> history) {

	}

	/**
	 * What keeps a certificate from being rotated.
	 *
	 * @param serverHealthy whether the API server answered the last attempt, {@code null}
	 * if it has not been contacted yet
	 * @param unavailable whether there has been no valid certificate for five minutes
	 * although the API server is healthy
	 * @param waitingFor what has to become known before a certificate can be requested,
	 * {@code null} if nothing
	 * @param storeProblem why the stored pair is not used although the current one is not
	 * stored, {@code null} if nothing is wrong
	 * @param stuckSince when the step of the rotation began that has not returned for a
	 * minute, {@code null} if none is stuck
	 */
	public record Health(@Nullable Boolean serverHealthy, boolean unavailable, @Nullable String waitingFor,
			@Nullable String storeProblem, @Nullable Instant stuckSince) {

	}

	/**
	 * The state of a certificate.
	 */
	public enum State {

		/** The certificate is valid, and its rotation is not due. */
		VALID,

		/** There is no certificate yet. */
		WAITING,

		/** The certificate is valid and is being rotated. */
		ROTATING,

		/**
		 * The certificate is valid, but the latest deadline for its rotation has passed.
		 * One that another program manages is about to expire.
		 */
		OVERDUE,

		/** The certificate has expired. */
		EXPIRED,

		/**
		 * The certificate begins in the future, by more than the accepted clock skew.
		 */
		NOT_YET_VALID,

		/** The certificate is valid, and rotation is off. */
		STATIC

	}

	/**
	 * The time in which the rotation of a certificate falls.
	 *
	 * @param earliest when it begins
	 * @param latest when it ends
	 */
	public record Window(Instant earliest, Instant latest) {

	}

	/**
	 * A pending request that the API server has confirmed.
	 *
	 * @param name the name of the CertificateSigningRequest, or of cert-manager's
	 * CertificateRequest
	 * @param namespace its namespace, empty if it has none
	 * @param createdAt when it was created
	 * @param conditions the types of its conditions that are true
	 * @param message what the issuer says about it, or that no approver of cert-manager
	 * has looked at it for half a minute; empty if neither
	 */
	public record ConfirmedRequest(String name, String namespace, Instant createdAt, List<String> conditions,
			String message) {

		/**
		 * Returns what the request waits for, and what to do.
		 * @param signer the signer
		 * @return a clause that follows the name of the request
		 */
		public String waitingFor(Signer signer) {
			String says = this.message.isEmpty() ? "" : " (" + this.message + ")";
			return this.conditions.contains("Approved")
					? "is approved and waiting for its signature" + says + ": "
							+ signer.howToDescribe(this.namespace, this.name)
					: "is waiting for approval" + says + ": " + signer.howToWatch(this.namespace, this.name);
		}

	}

	/**
	 * How a rotation ended: with a certificate, or with a failure after which another
	 * attempt follows.
	 *
	 * @param at when it ended
	 * @param trigger why it was due when the attempt began, {@code null} for a pair that
	 * another program stored
	 * @param serialNumber the serial number of the certificate that became current,
	 * {@code null} after a failure
	 * @param requestName the name of the CertificateSigningRequest or CertificateRequest,
	 * {@code null} if there was none
	 * @param duration how long ago this process had sent the request for the first time,
	 * in this or an earlier attempt, zero if it had not; {@code null} for a pair that
	 * another program stored
	 * @param additionalNames the names in the certificate that were not requested
	 * @param failure what went wrong, {@code null} if there is a certificate
	 */
	public record Outcome(Instant at, @Nullable Trigger trigger, @Nullable String serialNumber,
			@Nullable String requestName, @Nullable Duration duration, List<String> additionalNames,
			@Nullable Failure failure) {

	}

	/**
	 * Why a rotation is due.
	 */
	public enum Trigger {

		/** No certificate was stored that can be used. */
		FIRST,

		/** The rotation deadline has passed. */
		DEADLINE,

		/** The certificate does not match the template, which has changed. */
		TEMPLATE,

		/**
		 * A caller requested it, or the authority of the stored certificate is not known.
		 */
		REQUESTED,

		/**
		 * Another process has left, or begun, a pending request for a new certificate.
		 */
		RESUMED,

		/** The certificate has expired. */
		EXPIRED,

		/** The certificate is not valid yet. */
		NOT_YET_VALID,

		/**
		 * What is stored for all replicas is not accepted here, or lacks its authority.
		 */
		DAMAGED

	}

	/**
	 * A failed attempt to rotate.
	 *
	 * @param at when it failed
	 * @param reason why, in one word
	 * @param message why, for people; it holds no key and no token
	 * @param attempt how many attempts have failed in a row, from 1
	 * @param nextAttempt when the next one begins; it is in progress if that is past
	 * @param cause the exception
	 */
	public record Failure(Instant at, String reason, String message, int attempt, Instant nextAttempt,
			Throwable cause) {

		/**
		 * Returns the message without the advice in its further lines.
		 * @return the first line
		 */
		public String summary() {
			return this.message.lines().findFirst().orElse("");
		}

		/**
		 * Whether someone has to do something, because the next attempt is unlikely to
		 * succeed without a change: credentials, permissions, the request or the
		 * configuration are wrong, or the request was denied.
		 * @return {@code false} if the server could not be reached or did not answer in
		 * time, or the request was lost
		 */
		public boolean needsAttention() {
			Recovery recovery = kind().recovery();
			return recovery == Recovery.RETRY_SLOWLY || recovery == Recovery.FIX_CAUSE;
		}

		/**
		 * Returns the kind of the failure. Unlike the reason, which the API server or the
		 * approver may choose, it is one of a few words, which suits the tag of a metric.
		 * @return the kind
		 */
		public Kind kind() {
			return Kind.of(this.cause);
		}

	}

}
