package io.kubelet.cert.request;

import java.time.Duration;
import java.util.List;

import io.kubelet.cert.certificate.CertificateManagerException;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.request.CertificateSigner.SubmittedRequest;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request did not lead to a certificate. Its {@link #kind()} says
 * why, and what can be done about it.
 */
public final class RequestException extends CertificateManagerException {

	private final String reason;

	private final int statusCode;

	private final @Nullable Duration retryAfter;

	private RequestException(Kind kind, int statusCode, String reason, String message, @Nullable Duration retryAfter,
			@Nullable Throwable cause) {
		super(kind, message, cause);
		this.reason = reason;
		this.statusCode = statusCode;
		this.retryAfter = retryAfter;
	}

	private RequestException(Kind kind, String reason, String message) {
		this(kind, 0, reason, message, null, null);
	}

	/**
	 * An approver denied the request.
	 * @param requestName the name of the request
	 * @param signer the signer
	 * @param reason the reason in one word, from outside
	 * @param message the message of the approver, from outside
	 * @return the exception
	 */
	public static RequestException denied(String requestName, Signer signer, String reason, String message) {
		return new RequestException(Kind.DENIED, ExternalText.clean(reason),
				describe(requestName, signer) + " was denied: " + ExternalText.clean(message));
	}

	/**
	 * The signer did not sign the request (condition {@code Failed}).
	 * @param requestName the name of the request
	 * @param signer the signer
	 * @param reason the reason in one word, from outside
	 * @param message the message of the signer, from outside
	 * @return the exception
	 */
	public static RequestException failed(String requestName, Signer signer, String reason, String message) {
		return new RequestException(Kind.FAILED, ExternalText.clean(reason),
				((signer instanceof Signer.Issuer) ? "Issuer " : "Signer ") + signer + " failed to sign request "
						+ requestName + ": " + ExternalText.clean(message));
	}

	/**
	 * The issued certificate cannot be used, because it is not what was requested.
	 * @param requestName the name of the request, {@code null} if it has none
	 * @param signer the signer
	 * @param problems a clause for each thing that is wrong with the certificate
	 * @return the exception
	 */
	public static RequestException refused(@Nullable String requestName, Signer signer, List<String> problems) {
		return new RequestException(Kind.REFUSED, "Refused", describe(requestName, signer)
				+ " was answered with a certificate that is refused: " + String.join("; ", problems));
	}

	/**
	 * The request was deleted before it was answered, or another object has its name.
	 * @param reason the reason in one word
	 * @param message says what happened to the request
	 * @return the exception
	 */
	public static RequestException lost(String reason, String message) {
		return new RequestException(Kind.LOST, reason, message);
	}

	/**
	 * Another replica has removed the request that it had stored, because of an answer
	 * that this one has not received.
	 * @param requestName the name of the request, {@code null} if it has none yet
	 * @param signer the signer
	 * @return the exception
	 */
	public static RequestException withdrawn(@Nullable String requestName, Signer signer) {
		return new RequestException(Kind.FAILED, "Withdrawn", describe(requestName, signer)
				+ " was withdrawn by another replica, such as because it was denied: see the log of that replica");
	}

	/**
	 * The request was not answered in time. The next attempt goes on with the same one,
	 * since a second request would not be answered sooner.
	 * @param request the request
	 * @param submitted its object, {@code null} if it is not known whether the API server
	 * has it
	 * @param timeout the time
	 * @return the exception, of the kind {@link Kind#UNAVAILABLE} if the API server was
	 * out of reach
	 */
	public static RequestException unanswered(CertificateRequest request, @Nullable SubmittedRequest submitted,
			Duration timeout) {
		String subject = describe(request.name(), request.signer());
		String limit = ReadableDuration.of(timeout);
		String interruption = (submitted != null) ? submitted.interruption() : "the API server has not answered";
		if (submitted == null || !interruption.isEmpty()) {
			return unavailable("Unreachable",
					"%s was not answered within %s: %s; the next attempt waits for the same request".formatted(subject,
							limit, interruption),
					null, null);
		}
		return new RequestException(Kind.TIMED_OUT, "TimedOut", (submitted.conditions().contains("Approved")
				? "%s was approved, but not signed within %s; the next attempt waits for the same request"
				: "%s was not approved, denied or signed within %s; the next attempt waits for the same request")
			.formatted(subject, limit));
	}

	/**
	 * The credentials expired before the request was answered. The next attempt goes on
	 * with the same one.
	 * @param message says who does not accept them any more
	 * @return the exception
	 */
	public static RequestException expired(String message) {
		return new RequestException(Kind.TIMED_OUT, "Unauthorized", message);
	}

	/**
	 * The API server rejected the request: with a status of 401 or 403, the credentials
	 * or their permissions are wrong, otherwise the request itself.
	 * @param statusCode the HTTP status, from 400 to 499; 0 if an approver found the
	 * request invalid after it had been created
	 * @param reason the reason in one word
	 * @param message says what was rejected and why
	 * @return the exception
	 */
	public static RequestException rejected(int statusCode, String reason, String message) {
		Kind kind = (statusCode == 401) ? Kind.UNAUTHORIZED : (statusCode == 403) ? Kind.FORBIDDEN : Kind.REJECTED;
		return new RequestException(kind, statusCode, reason, message, null, null);
	}

	/**
	 * A quota leaves no room for the request, which may be created once there is.
	 * @param message says which quota
	 * @return the exception
	 */
	public static RequestException overQuota(String message) {
		return new RequestException(Kind.OVER_QUOTA, 403, "QuotaExceeded", message, null, null);
	}

	/**
	 * The certificate of the API server is not trusted, so nothing was sent.
	 * @param message says why
	 * @param cause the cause
	 * @return the exception
	 */
	public static RequestException untrusted(String message, Throwable cause) {
		return new RequestException(Kind.UNTRUSTED, 0, "Untrusted", message, null, cause);
	}

	/**
	 * The signer could not be reached or is busy: no connection, or a status of 429 or
	 * 5xx.
	 * @param reason the reason in one word
	 * @param message says what happened
	 * @param retryAfter how long the server asks to wait, {@code null} if it does not say
	 * @param cause the cause, {@code null} if there is none
	 * @return the exception
	 */
	public static RequestException unavailable(String reason, String message, @Nullable Duration retryAfter,
			@Nullable Throwable cause) {
		return new RequestException(Kind.UNAVAILABLE, 0, reason, message, retryAfter, cause);
	}

	/**
	 * Returns the reason in one word, as the signer or the API server gave it.
	 * @return a word such as {@code Forbidden} or {@code SignerValidationFailure}
	 */
	public String reason() {
		return this.reason;
	}

	/**
	 * Returns the HTTP status with which the API server rejected the request.
	 * @return a status from 400 to 499, 0 if it did not reject it
	 */
	public int statusCode() {
		return this.statusCode;
	}

	/**
	 * Returns whether the API server works, as far as this failure shows and as a kubelet
	 * judges it: one that rejects credentials or does not know the API works, one that
	 * rejects the request otherwise does not.
	 * @return the health of the server, {@code null} if the failure does not show it
	 */
	public @Nullable Boolean serverHealthy() {
		return switch (kind()) {
			case UNAUTHORIZED, FORBIDDEN, OVER_QUOTA -> true;
			case REJECTED -> this.statusCode == 404;
			case UNAVAILABLE, UNTRUSTED -> false;
			default -> null;
		};
	}

	/**
	 * Returns how long the server asks to wait ({@code Retry-After}, RFC 9110, 10.2.3).
	 * @return the time to wait, {@code null} if it does not say
	 */
	public @Nullable Duration retryAfter() {
		return this.retryAfter;
	}

	/**
	 * Names a request and its signer or issuer, for a message.
	 * @param name the name of the request, {@code null} if it has none yet
	 * @param signer the signer or issuer
	 * @return the beginning of a sentence
	 */
	public static String describe(@Nullable String name, Signer signer) {
		return "Request " + ((name != null) ? name + " " : "") + "to " + signer.describe();
	}

}
