package io.kubelet.cert.test;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import org.jspecify.annotations.Nullable;

/**
 * The rules of secrets.
 */
final class Secrets extends ResourceType {

	private static final String TLS = "kubernetes.io/tls";

	Secrets() {
		super("", "secrets", "Secret", true);
	}

	@Override
	Set<String> selectableFields() {
		return Set.of("type");
	}

	@Override
	List<TableColumn> columns() {
		return List.of(TableColumn.of("Type", (secret) -> Json.text(secret, "type")),
				TableColumn.of("Data", (secret) -> Integer.toString(Json.objectAt(secret, "data").size())),
				TableColumn.AGE);
	}

	@Override
	boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		JsonObject secret = Json.pick(submitted, "immutable", "data");
		JsonObject plain = Json.objectAt(submitted, "stringData");
		if (!plain.isEmpty()) {
			JsonObject data = Json.objectAt(secret, "data");
			plain.keySet().forEach((key) -> data.addProperty(key, Pem.encode(Json.text(plain, key))));
			secret.add("data", data);
		}
		String type = Json.text(submitted, "type");
		secret.addProperty("type", type.isEmpty() ? "Opaque" : type);
		return secret;
	}

	@Override
	JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return prepareForCreate(submitted, Caller.ANONYMOUS);
	}

	@Override
	List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		List<FieldError> errors = new ArrayList<>();
		String type = Json.text(object, "type");
		if (type.equals(TLS)) {
			for (String key : List.of("tls.crt", "tls.key")) {
				if (Json.at(object, "data", key) == null) {
					errors.add(FieldError.required("data[" + key + "]", ""));
				}
			}
		}
		if (existing != null && !type.equals(Json.text(existing, "type"))) {
			errors.add(FieldError.invalid("type", type, "field is immutable"));
		}
		return errors;
	}

}
