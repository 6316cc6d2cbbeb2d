package io.kubelet.cert.test.api;

import java.util.Collection;
import java.util.stream.Collectors;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.json.Json;

/**
 * One field that does not pass validation, in the words of the API server.
 *
 * @param field the path of the field, as in {@code spec.usages[0]}
 * @param reason the machine-readable cause, as in {@code FieldValueInvalid}
 * @param message what is wrong, without the field
 */
public record FieldError(String field, String reason, String message) {

	public static FieldError required(String field, String detail) {
		return new FieldError(field, "FieldValueRequired", "Required value" + (detail.isEmpty() ? "" : ": " + detail));
	}

	/** The value is quoted unless it is a number. */
	public static FieldError invalid(String field, Object value, String detail) {
		String shown = (value instanceof Number) ? value.toString() : quote(value.toString());
		return new FieldError(field, "FieldValueInvalid", "Invalid value: " + shown + ": " + detail);
	}

	public static FieldError duplicate(String field, String value) {
		return new FieldError(field, "FieldValueDuplicate", "Duplicate value: " + quote(value));
	}

	public static FieldError forbidden(String field, String detail) {
		return new FieldError(field, "FieldValueForbidden", "Forbidden: " + detail);
	}

	public static FieldError notSupported(String field, String value, Collection<String> supported) {
		String values = supported.stream().map(FieldError::quote).collect(Collectors.joining(", "));
		return new FieldError(field, "FieldValueNotSupported",
				"Unsupported value: " + quote(value) + ": supported values: " + values);
	}

	public JsonObject toCause() {
		return Json.object("reason", this.reason, "message", this.message, "field", this.field);
	}

	@Override
	public String toString() {
		return this.field + ": " + this.message;
	}

	private static String quote(String value) {
		return '"' + value + '"';
	}

}
