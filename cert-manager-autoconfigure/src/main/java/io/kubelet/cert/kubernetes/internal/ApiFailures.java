package io.kubelet.cert.kubernetes.internal;

import java.io.IOException;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.security.cert.CertificateException;
import java.security.cert.CertificateExpiredException;
import java.security.cert.CertificateNotYetValidException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.stream.Stream;

import com.google.gson.JsonObject;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.ReadableDuration;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.kubernetes.internal.ApiObjects.ResponseTooLargeException;
import io.kubelet.cert.request.RequestException;
import io.kubernetes.client.openapi.ApiException;
import org.jspecify.annotations.Nullable;

/**
 * Translates the exceptions of the client library into exceptions that state what a
 * caller can do.
 *
 * @param server the address of the API server, and where it comes from
 */
public record ApiFailures(String server) {

	/** An API server also responds with 403 for an API group that it does not know. */
	private static final String PERHAPS_ABSENT = "Either the permission to create, list, watch and delete "
			+ "certificaterequests.cert-manager.io is missing, or cert-manager is not installed in this cluster: "
			+ "'kubectl get crd certificaterequests.cert-manager.io' shows which. ";

	/** What an API server responds below an API group that it does not know. */
	private static final String PAGE_NOT_FOUND = "404 page not found";

	/** An API server says this of a version that it does not serve. */
	private static final String NOT_SERVED = "the server could not find the requested resource";

	/** An API server also says this while the use of a quota is not known yet. */
	private static final List<String> OVER_QUOTA = List.of(" is forbidden: exceeded quota: ",
			" is forbidden: status unknown for quota: ");

	/**
	 * Translates a failure. The exception of the library is not the cause of the result:
	 * its message contains the whole response, which need not be that of an API server.
	 * @param failure an {@link ApiException}, or what prevented a response
	 * @param request the request, {@code null} if the call was about none
	 * @return the failure of the request
	 */
	public RequestException translate(Throwable failure, @Nullable CertificateRequest request) {
		if (failure instanceof ApiException response && response.getCode() != 0) {
			return responded(response, request);
		}
		Throwable cause = (failure instanceof ApiException && failure.getCause() != null) ? failure.getCause()
				: failure;
		return (cause instanceof IOException unreachable) ? unreachable(unreachable, request)
				: unreadable(cause, request);
	}

	private RequestException responded(ApiException failure, @Nullable CertificateRequest request) {
		int code = failure.getCode();
		JsonObject status = status(failure.getResponseBody());
		String said = message(status);
		if (code == 429 || code >= 500) {
			return busy(failure, status, request);
		}
		if (isOfCertManager(request) && isNotServed(failure, said)) {
			return RequestException.rejected(code, "NotFound", about(request)
					+ "cert-manager is not installed in this cluster: %s answers 404. Install it, or name another API server"
						.formatted(this.server));
		}
		if (status == null && code != 401) {
			return unexpected("The answer from %s with status %d is not from an API server. A proxy may have answered"
				.formatted(this.server, code), request);
		}
		if (code == 403 && OVER_QUOTA.stream().anyMatch(said::contains)) {
			return RequestException.overQuota(about(request) + said);
		}
		String message = switch (code) {
			case 401 ->
				"The API server at %s does not accept the credentials (401 Unauthorized): the token or the client "
					.formatted(this.server) + "certificate is wrong or has expired";
			case 403 ->
				(isOfCertManager(request) && "create".equals(RbacAdvice.forbiddenVerb(said)) ? PERHAPS_ABSENT : "")
						+ said + RbacAdvice.on(said);
			default -> "The API server at %s does not accept the request (%d): %s".formatted(this.server, code, said);
		};
		return RequestException.rejected(code, reason(status, "HTTP" + code), about(request) + message);
	}

	/**
	 * Describes a response of 401 to credentials that were accepted before. The next
	 * attempt may have others.
	 * @param request the request
	 * @return the failure of the request
	 */
	public RequestException expired(CertificateRequest request) {
		return RequestException.expired(
				about(request) + "The API server at %s does not accept the credentials any more (401 Unauthorized): "
					.formatted(this.server) + "the next attempt reads them again");
	}

	/** A server that limits its load says so in a line of text, and for how long. */
	private RequestException busy(ApiException failure, @Nullable JsonObject status,
			@Nullable CertificateRequest request) {
		int code = failure.getCode();
		Duration retryAfter = retryAfter(failure.getResponseHeaders());
		String said = (ApiObjects.text(status, "message") != null) ? " (" + message(status) + ")"
				: (code == 429) ? " (too many requests)" : "";
		String pause = (retryAfter != null) ? " and asks to wait for " + ReadableDuration.of(retryAfter) : "";
		return RequestException.unavailable(reason(status, "HTTP" + code),
				about(request) + "The API server at %s answers %d%s%s".formatted(this.server, code, said, pause),
				retryAfter, null);
	}

	private static boolean isNotServed(ApiException failure, String said) {
		return failure.getCode() == 404 && (said.equals(NOT_SERVED)
				|| PAGE_NOT_FOUND.equals(Objects.requireNonNullElse(failure.getResponseBody(), "").strip()));
	}

	private static boolean isOfCertManager(@Nullable CertificateRequest request) {
		return request != null && request.signer() instanceof Signer.Issuer;
	}

	private static String about(@Nullable CertificateRequest request) {
		return (request != null) ? RequestException.describe(request.name(), request.signer()) + ": " : "";
	}

	/**
	 * Describes why a request failed.
	 * @param failure the response
	 * @param permission the permission that is needed
	 * @return a clause, with further lines if commands grant what was forbidden
	 */
	public static String reason(ApiException failure, String permission) {
		String message = message(status(failure.getResponseBody()));
		return "the API server answers %d: %s; %s%s".formatted(failure.getCode(), message, permission,
				(failure.getCode() == 403) ? RbacAdvice.on(message) : "");
	}

	/** Only the type and place are kept: the message may contain the response. */
	private RequestException unreadable(Throwable problem, @Nullable CertificateRequest request) {
		RequestException failure = unexpected(
				"The answer from %s is not from an API server (%s). A proxy may have answered".formatted(this.server,
						problem.getClass().getSimpleName()),
				request);
		failure.setStackTrace(problem.getStackTrace());
		return failure;
	}

	private RequestException unexpected(String problem, @Nullable CertificateRequest request) {
		return RequestException.unavailable("UnexpectedResponse", about(request) + problem, null, null);
	}

	private RequestException unreachable(IOException cause, @Nullable CertificateRequest request) {
		if (cause instanceof ResponseTooLargeException) {
			return unexpected("The answer from %s is %s and was not read. A proxy may have answered"
				.formatted(this.server, cause.getMessage()), request);
		}
		List<Throwable> causes = Stream.iterate((Throwable) cause, Objects::nonNull, Throwable::getCause).toList();
		Throwable innermost = causes.get(causes.size() - 1);
		boolean untrusted = causes.stream().anyMatch(CertificateException.class::isInstance);
		String problem = untrusted ? "The certificate of the API server at %s is not trusted: %s. Check "
				+ (isOfAnotherTime(innermost) ? "the clock of this machine, and the certificate of the API server"
						: "the certificate authorities of the cluster")
				: "The API server at %s cannot be reached: %s";
		String message = about(request) + problem.formatted(this.server,
				reason((untrusted || innermost instanceof ConnectException) ? innermost : cause));
		return untrusted ? RequestException.untrusted(message, cause)
				: RequestException.unavailable("Unreachable", message, null, cause);
	}

	private static boolean isOfAnotherTime(Throwable cause) {
		return cause instanceof CertificateExpiredException || cause instanceof CertificateNotYetValidException;
	}

	/** Describes a failure without the names of Java's classes. */
	private static String reason(Throwable cause) {
		String what = (cause instanceof UnknownHostException) ? "unknown host "
				: (cause instanceof CertificateExpiredException) ? "it has expired, "
						: (cause instanceof CertificateNotYetValidException) ? "it is not valid yet, " : "";
		return what + ExternalText.clean(Objects.requireNonNullElse(cause.getMessage(), cause.toString()));
	}

	private static @Nullable JsonObject status(@Nullable String body) {
		return ApiObjects.ofKind(body, "Status");
	}

	private static String reason(@Nullable JsonObject status, String otherwise) {
		String reason = ApiObjects.text(status, "reason");
		return (reason != null && !reason.isEmpty()) ? ExternalText.clean(reason) : otherwise;
	}

	/** The body itself is left out: it can be a whole page of a proxy. */
	private static String message(@Nullable JsonObject status) {
		String message = ApiObjects.text(status, "message");
		return (message != null) ? ExternalText.clean(message) : "no reason given";
	}

	/** An API server states seconds. A proxy may have added another form. */
	private static @Nullable Duration retryAfter(@Nullable Map<String, List<String>> headers) {
		return (headers == null) ? null
				: headers.getOrDefault("retry-after", List.of())
					.stream()
					.filter((seconds) -> seconds.matches("\\d{1,9}"))
					.findFirst()
					.map((seconds) -> Duration.ofSeconds(Long.parseLong(seconds)))
					.orElse(null);
	}

}
