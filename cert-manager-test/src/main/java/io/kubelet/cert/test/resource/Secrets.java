package io.kubelet.cert.test.resource;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.api.TableColumn;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import org.jspecify.annotations.Nullable;

/**
 * The rules of secrets.
 */
public final class Secrets extends ResourceType {

	private static final String TLS = "kubernetes.io/tls";

	public Secrets() {
		super("", "secrets", "Secret", true);
	}

	@Override
	public Set<String> selectableFields() {
		return Set.of("type");
	}

	@Override
	public List<TableColumn> columns() {
		return List.of(TableColumn.of("Type", (secret) -> Json.text(secret, "type")),
				TableColumn.of("Data", (secret) -> Integer.toString(Json.objectAt(secret, "data").size())),
				TableColumn.AGE);
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
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
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		return prepareForCreate(submitted, Caller.ANONYMOUS);
	}

	@Override
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
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
