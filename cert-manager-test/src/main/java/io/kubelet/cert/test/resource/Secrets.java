package io.kubelet.cert.test.resource;

import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The rules of Secrets: the type is never changed, an immutable one keeps its data, and
 * one of the type {@code kubernetes.io/tls} has a certificate and a key, which may be
 * empty.
 */
public final class Secrets extends ResourceType {

	public static final String TLS = "kubernetes.io/tls";

	private static final int MAXIMUM_BYTES = 1024 * 1024;

	private static final String KEPT = "field is immutable when `immutable` is set";

	public Secrets() {
		super("", "secrets", "Secret", true);
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public boolean hasFieldManagers() {
		return true;
	}

	@Override
	public Set<String> selectableFields() {
		return Set.of("type");
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		return members(submitted, "Opaque");
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return members(submitted, Json.text(existing, "type"));
	}

	/** Text that is not encoded takes precedence, and is stored encoded. */
	private static JsonObject members(JsonObject submitted, String defaultType) {
		JsonObject members = Json.pick(submitted, "data", "immutable");
		JsonObject text = Json.objectAt(submitted, "stringData");
		if (!text.isEmpty()) {
			JsonObject data = Json.objectAt(members, "data");
			text.keySet()
				.forEach((key) -> data.addProperty(key,
						Base64.getEncoder().encodeToString(Json.text(text, key).getBytes())));
			members.add("data", data);
		}
		Json.objectAt(members, "data").asMap().forEach((key, value) -> decode(Json.text(value)));
		String type = Json.text(submitted, "type");
		members.addProperty("type", type.isEmpty() ? defaultType : type);
		return members;
	}

	private static byte[] decode(String value) {
		try {
			return Base64.getDecoder().decode(value);
		}
		catch (IllegalArgumentException ex) {
			throw ApiFailure.badRequest(
					"Secret in version \"v1\" cannot be handled as a Secret: illegal base64 data at input byte 0");
		}
	}

	@Override
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		List<FieldError> errors = new ArrayList<>();
		if (existing != null) {
			errors.addAll(validateChange(object, existing));
		}
		JsonObject data = Json.objectAt(object, "data");
		int bytes = 0;
		for (String key : data.keySet()) {
			bytes += decode(Json.text(data, key)).length;
			if (!key.matches("[-._a-zA-Z0-9]{1,253}")) {
				errors.add(FieldError.invalid("data[" + key + "]", key,
						"a valid config key must consist of alphanumeric characters, '-', '_' or '.' (e.g. 'key.name', "
								+ " or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')"));
			}
		}
		if (bytes > MAXIMUM_BYTES) {
			errors.add(new FieldError("data", "FieldValueTooLong",
					"Too long: may not be more than %d bytes".formatted(MAXIMUM_BYTES)));
		}
		if (Json.text(object, "type").equals(TLS)) {
			for (String key : List.of("tls.crt", "tls.key")) {
				if (!data.has(key)) {
					errors.add(FieldError.required("data[" + key + "]", ""));
				}
			}
		}
		return errors;
	}

	private static List<FieldError> validateChange(JsonObject object, JsonObject existing) {
		List<FieldError> errors = new ArrayList<>();
		String type = Json.text(object, "type");
		if (!type.equals(Json.text(existing, "type"))) {
			errors.add(FieldError.invalid("type", type, "field is immutable"));
		}
		if (isImmutable(existing)) {
			if (!isImmutable(object)) {
				errors.add(FieldError.forbidden("immutable", KEPT));
			}
			if (!Json.objectAt(object, "data").equals(Json.objectAt(existing, "data"))) {
				errors.add(FieldError.forbidden("data", KEPT));
			}
		}
		return errors;
	}

	private static boolean isImmutable(JsonObject secret) {
		return Json.text(secret, "immutable").equals("true");
	}

}
