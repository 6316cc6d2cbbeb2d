package io.kubelet.cert.kubernetes;

import java.io.IOException;
import java.time.Clock;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.ZonedDateTime;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Map;

import com.google.gson.JsonSyntaxException;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.request.RequestRejectedException;
import io.kubelet.cert.request.SignerUnavailableException;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1Status;
import org.jspecify.annotations.Nullable;

/**
 * Turns what the client library throws into what a caller can do about it.
 */
final class ApiFailures {

	private final String server;

	private final Clock clock;

	ApiFailures(String server, Clock clock) {
		this.server = server;
		this.clock = clock;
	}

	RequestException translate(ApiException failure, @Nullable String requestName) {
		int code = failure.getCode();
		if (code == 0) {
			Throwable cause = (failure.getCause() != null) ? failure.getCause() : failure;
			return (cause instanceof IOException) ? unreachable(cause, requestName)
					: unexpected(200, cause, requestName);
		}
		V1Status status = status(failure.getResponseBody());
		if (code == 429 || code >= 500) {
			return new SignerUnavailableException(requestName, reason(status, "HTTP" + code),
					"The API server at %s answers %d (%s)".formatted(this.server, code, message(status)),
					retryAfter(failure.getResponseHeaders()), failure);
		}
		if (status == null && code != 401) {
			return unexpected(code, failure, requestName);
		}
		String message = switch (code) {
			case 401 ->
				"The API server at %s does not know the credentials (401 Unauthorized): the token or the client "
					.formatted(this.server) + "certificate is wrong or has expired";
			case 403 -> RbacAdvice.on(message(status));
			default ->
				"The API server at %s does not take the request (%d): %s".formatted(this.server, code, message(status));
		};
		return new RequestRejectedException(requestName, code, reason(status, "HTTP" + code), message, failure);
	}

	/** A refusal in a sentence that ends with what it takes. */
	static String refusal(ApiException failure, String permission) {
		return "the API server answers %d: %s; %s".formatted(failure.getCode(),
				message(status(failure.getResponseBody())), permission);
	}

	/** Contract row C12: what came is not from an API server. */
	RequestException unexpected(int code, Throwable cause, @Nullable String requestName) {
		return new SignerUnavailableException(requestName, "UnexpectedResponse",
				"What answers at %s (status %d) is no API server, but perhaps a proxy in front of it"
					.formatted(this.server, code),
				null, cause);
	}

	private RequestException unreachable(Throwable cause, @Nullable String requestName) {
		return new SignerUnavailableException(requestName, "Unreachable",
				"The API server at %s cannot be reached: %s".formatted(this.server, cause), null, cause);
	}

	static @Nullable V1Status status(@Nullable String body) {
		try {
			V1Status status = (body != null) ? JSON.deserialize(body, V1Status.class) : null;
			return (status != null && "Status".equals(status.getKind())) ? status : null;
		}
		catch (JsonSyntaxException | IllegalArgumentException ex) {
			return null;
		}
	}

	private static String reason(@Nullable V1Status status, String otherwise) {
		return (status != null && status.getReason() != null && !status.getReason().isEmpty()) ? status.getReason()
				: otherwise;
	}

	/** Never the body as it came: it can be a whole page of a proxy. */
	private static String message(@Nullable V1Status status) {
		return (status != null && status.getMessage() != null) ? status.getMessage() : "without saying why";
	}

	/** RFC 9110, 10.2.3: seconds, or a date. */
	private @Nullable Duration retryAfter(@Nullable Map<String, List<String>> headers) {
		if (headers == null) {
			return null;
		}
		String value = headers.entrySet()
			.stream()
			.filter((header) -> "Retry-After".equalsIgnoreCase(header.getKey()) && !header.getValue().isEmpty())
			.map((header) -> header.getValue().get(0))
			.findFirst()
			.orElse("");
		if (value.matches("\\d{1,9}")) {
			return Duration.ofSeconds(Long.parseLong(value));
		}
		try {
			Duration until = Duration.between(this.clock.instant(),
					ZonedDateTime.parse(value, DateTimeFormatter.RFC_1123_DATE_TIME).toInstant());
			return until.isNegative() ? null : until;
		}
		catch (DateTimeException ex) {
			return null;
		}
	}

}
