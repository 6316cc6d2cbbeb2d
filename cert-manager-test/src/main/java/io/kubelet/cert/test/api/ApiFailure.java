package io.kubelet.cert.test.api;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * A request that ends in a {@code Status} of failure, word for word as the API server
 * says it.
 */
public final class ApiFailure extends RuntimeException {

	private static final String PAGE_NOT_FOUND = "404 page not found";

	private final transient JsonObject status;

	private ApiFailure(JsonObject status) {
		super(Json.text(status, "message"), null, false, false);
		this.status = status;
	}

	public JsonObject status() {
		return this.status;
	}

	public ApiResponse toResponse() {
		if (PAGE_NOT_FOUND.equals(getMessage())) {
			return new ApiResponse.Answer(404, "text/plain; charset=utf-8", PAGE_NOT_FOUND + "\n", Map.of());
		}
		String retryAfter = Json.text(this.status, "details", "retryAfterSeconds");
		return new ApiResponse.Answer(this.status.get("code").getAsInt(), "application/json", this.status.toString(),
				retryAfter.isEmpty() ? Map.of() : Map.of("Retry-After", retryAfter));
	}

	public static ApiFailure badRequest(String message) {
		return of(400, "BadRequest", message, null);
	}

	public static ApiFailure unauthorized() {
		return of(401, "Unauthorized", "Unauthorized", null);
	}

	/** Refused by the authorizer. */
	public static ApiFailure forbidden(Caller caller, Access access, String reason) {
		String suffix = reason.isEmpty() ? "" : ": " + reason;
		if (!access.isResource()) {
			return of(403, "Forbidden", "forbidden: User \"%s\" cannot %s path \"%s\"%s".formatted(caller.user(),
					access.verb(), access.path(), suffix), new JsonObject());
		}
		String scope = access.namespace().isEmpty() ? "at the cluster scope"
				: "in the namespace \"" + access.namespace() + "\"";
		return forbidden(access.group(), access.resource(), access.name(),
				"User \"%s\" cannot %s resource \"%s\" in API group \"%s\" %s%s".formatted(caller.user(), access.verb(),
						access.resourceAndSubresource(), access.group(), scope, suffix));
	}

	/** Refused by an admission rule. */
	public static ApiFailure forbidden(String group, String resource, String name, String why) {
		String subject = name.isEmpty() ? qualified(resource, group) : named(resource, group, name);
		return of(403, "Forbidden", subject + " is forbidden: " + why, details(name, group, resource));
	}

	/** A path below nothing that is known, which is answered with a text. */
	public static ApiFailure pageNotFound() {
		return of(404, "NotFound", PAGE_NOT_FOUND, new JsonObject());
	}

	/** A path below one of Kubernetes' own API groups that leads nowhere. */
	public static ApiFailure noSuchPath() {
		return of(404, "NotFound", "the server could not find the requested resource", new JsonObject());
	}

	public static ApiFailure notFound(ResourceType type, String name) {
		return of(404, "NotFound", named(type.plural(), type.group(), name) + " not found",
				details(name, type.group(), type.plural()));
	}

	/** Refused by admission control, in these words. */
	public static ApiFailure refused(String message) {
		return of(403, "Forbidden", message, new JsonObject());
	}

	/** Refused by an admission webhook. */
	public static ApiFailure refusedByWebhook(int code, String webhook, String why) {
		return of(code, (code == 400) ? "BadRequest" : "NotAcceptable",
				"admission webhook \"%s\" denied the request: %s".formatted(webhook, why), null);
	}

	public static ApiFailure methodNotAllowed() {
		return of(405, "MethodNotAllowed", "the server does not allow this method on the requested resource",
				new JsonObject());
	}

	/**
	 * A name that is taken.
	 * @param generated whether the server made the name up
	 */
	static ApiFailure alreadyExists(ResourceType type, String name, boolean generated) {
		JsonObject details = details(name, type.group(), type.plural());
		String message = named(type.plural(), type.group(), name) + " already exists";
		if (generated) {
			details.addProperty("retryAfterSeconds", 1);
			message += ", the server was not able to generate a unique name for the object";
		}
		return of(409, "AlreadyExists", message, details);
	}

	public static ApiFailure conflict(ResourceType type, String name, String why) {
		return of(409, "Conflict",
				"Operation cannot be fulfilled on %s: %s".formatted(named(type.plural(), type.group(), name), why),
				details(name, type.group(), type.plural()));
	}

	public static ApiFailure expired(String message) {
		return of(410, "Expired", message, null);
	}

	/**
	 * A list whose next part is no longer there as it was.
	 * @param token continues it as it is now
	 */
	static ApiFailure expiredContinuation(String token) {
		ApiFailure failure = of(410, "Expired", "The provided continue parameter is too old to display a consistent "
				+ "list result. You can start a new list without the continue parameter, or use the continue token in "
				+ "this response to retrieve the remainder of the results. Continuing with the provided token results "
				+ "in an inconsistent list - objects that were created, modified, or deleted between the time the "
				+ "first chunk was returned and now may show up in the list.", null);
		failure.status.getAsJsonObject("metadata").addProperty("continue", token);
		return failure;
	}

	public static ApiFailure unsupportedMediaType(String accepted) {
		return of(415, "UnsupportedMediaType",
				"the body of the request was in an unknown format - accepted media types include: " + accepted, null);
	}

	public static ApiFailure invalid(ResourceType type, String name, List<FieldError> errors) {
		return invalid(type.kind(), type, name, errors);
	}

	/** An update that does not say which version of the object it changes. */
	static ApiFailure withoutRevision(ResourceType type, String name) {
		return invalid(type.plural(), type, name, List.of(new FieldError("metadata.resourceVersion",
				"FieldValueInvalid", "Invalid value: 0: must be specified for an update")));
	}

	private static ApiFailure invalid(String kind, ResourceType type, String name, List<FieldError> errors) {
		String what = errors.stream().map(FieldError::toString).distinct().collect(Collectors.joining(", "));
		JsonObject details = details(name, type.group(), kind);
		details.add("causes", Json.array(errors.stream().map(FieldError::toCause).toList()));
		return of(422, "Invalid", "%s is invalid: %s".formatted(named(kind, type.group(), name),
				(errors.size() == 1) ? what : "[" + what + "]"), details);
	}

	/**
	 * An error without a reason, as the server answers when a query parameter is no
	 * number.
	 */
	public static ApiFailure internal(String message) {
		return of(500, "", message, null);
	}

	/**
	 * The answer of an overloaded, broken or starting server.
	 * @param code the HTTP status code
	 * @param retryAfterSeconds the value of {@code Retry-After}, or negative for none
	 */
	public static ApiFailure injected(int code, long retryAfterSeconds) {
		JsonObject details = (retryAfterSeconds < 0) ? new JsonObject()
				: Json.object("retryAfterSeconds", retryAfterSeconds);
		return switch (code) {
			case 401 -> unauthorized();
			case 403 -> of(403, "Forbidden", "forbidden by an injected fault", details);
			case 410 -> of(410, "Expired", "too old resource version", details);
			case 429 -> of(429, "TooManyRequests", "Too many requests, please try again later.", details);
			case 500 -> of(500, "InternalError", "Internal error occurred: injected fault", details);
			case 503 -> of(503, "ServiceUnavailable", "the server is currently unable to handle the request", details);
			default -> of(code, "Unknown", "injected fault", details);
		};
	}

	private static ApiFailure of(int code, String reason, String message, @Nullable JsonObject details) {
		JsonObject status = Json.object("kind", "Status", "apiVersion", "v1", "metadata", new JsonObject(), "status",
				"Failure", "message", message);
		if (!reason.isEmpty()) {
			status.addProperty("reason", reason);
		}
		if (details != null) {
			status.add("details", details);
		}
		status.addProperty("code", code);
		return new ApiFailure(status);
	}

	private static JsonObject details(String name, String group, String kind) {
		JsonObject details = new JsonObject();
		if (!name.isEmpty()) {
			details.addProperty("name", name);
		}
		if (!group.isEmpty()) {
			details.addProperty("group", group);
		}
		details.addProperty("kind", kind);
		return details;
	}

	private static String named(String resource, String group, String name) {
		return qualified(resource, group) + " \"" + name + '"';
	}

	private static String qualified(String resource, String group) {
		return group.isEmpty() ? resource : resource + "." + group;
	}

}
