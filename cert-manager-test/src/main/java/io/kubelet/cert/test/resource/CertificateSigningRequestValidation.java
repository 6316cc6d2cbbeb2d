package io.kubelet.cert.test.resource;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import com.google.gson.JsonPrimitive;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.pki.SigningRequest;
import io.kubelet.cert.test.pki.Usages;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/**
 * What a certificate signing request must fulfil, in the order and the words of the API
 * server.
 */
final class CertificateSigningRequestValidation {

	private static final int SHORTEST = 600;

	private static final String LEGACY_SIGNER = "kubernetes.io/legacy-unknown";

	private static final String CONDITIONS = "status.conditions";

	private static final String CERTIFICATE = "status.certificate";

	private final List<FieldError> errors = new ArrayList<>();

	private CertificateSigningRequestValidation() {
	}

	static List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		CertificateSigningRequestValidation validation = new CertificateSigningRequestValidation();
		JsonObject spec = Json.objectAt(object, "spec");
		validation.request(Json.text(spec, "request"));
		validation.usages(Json.texts(spec, "usages"));
		validation.signerName(Json.text(spec, "signerName"));
		validation.expiration(Json.at(spec, "expirationSeconds"));
		validation.conditions(object);
		validation.certificate(Json.text(object, "status", "certificate"));
		if (existing != null) {
			validation.change(subresource, object, existing);
		}
		return validation.errors;
	}

	private void request(String base64) {
		try {
			SigningRequest.parse(Pem.decode(base64));
		}
		catch (IllegalArgumentException ex) {
			this.errors.add(FieldError.invalid("spec.request", base64, String.valueOf(ex.getMessage())));
		}
	}

	private void usages(List<String> usages) {
		if (usages.isEmpty()) {
			this.errors.add(FieldError.required("spec.usages", ""));
		}
		Set<String> seen = new HashSet<>();
		for (int i = 0; i < usages.size(); i++) {
			String usage = usages.get(i);
			if (!Usages.known().contains(usage)) {
				this.errors.add(FieldError.notSupported("spec.usages[" + i + "]", usage, Usages.known()));
			}
			if (!seen.add(usage)) {
				this.errors.add(FieldError.duplicate("spec.usages[" + i + "]", usage));
			}
		}
	}

	private void signerName(String name) {
		if (name.equals(LEGACY_SIGNER)) {
			this.errors.add(FieldError.invalid("spec.signerName", name,
					"the legacy signerName is not allowed via this API version"));
		}
		else {
			this.errors.addAll(SignerName.validate("spec.signerName", name));
		}
	}

	private void expiration(@Nullable JsonElement seconds) {
		if (seconds instanceof JsonPrimitive number && number.getAsLong() < SHORTEST) {
			this.errors.add(FieldError.invalid("spec.expirationSeconds", number.getAsLong(),
					"may not specify a duration less than 600 seconds (10 minutes)"));
		}
	}

	private void conditions(JsonObject object) {
		Set<String> seen = new HashSet<>();
		int index = 0;
		for (JsonElement condition : Json.list(object, "status", "conditions")) {
			String field = CONDITIONS + "[" + index++ + "]";
			String type = Json.text(condition, "type");
			String status = Json.text(condition, "status");
			if (type.isEmpty()) {
				this.errors.add(FieldError.required(field + ".type", ""));
			}
			List<String> allowed = Set.of("Approved", "Denied", "Failed").contains(type) ? List.of("True")
					: List.of("False", "True", "Unknown");
			if (status.isEmpty()) {
				this.errors.add(FieldError.required(field + ".status", ""));
			}
			else if (!allowed.contains(status)) {
				this.errors.add(FieldError.notSupported(field + ".status", status, allowed));
			}
			if ((type.equals("Approved") && seen.contains("Denied"))
					|| (type.equals("Denied") && seen.contains("Approved"))) {
				this.errors
					.add(FieldError.invalid(CONDITIONS, type, "Approved and Denied conditions are mutually exclusive"));
			}
			if (!seen.add(type)) {
				this.errors.add(FieldError.duplicate(field + ".type", type));
			}
		}
	}

	private void certificate(String base64) {
		if (base64.isEmpty()) {
			return;
		}
		String problem = null;
		try {
			List<PemObject> blocks = Pem.read(Pem.decode(base64));
			if (blocks.isEmpty()) {
				problem = "must contain at least one CERTIFICATE PEM block";
			}
			for (PemObject block : blocks) {
				if (!block.getType().equals("CERTIFICATE")) {
					problem = "only CERTIFICATE PEM blocks are allowed, found \"" + block.getType() + "\"";
				}
			}
		}
		catch (IllegalArgumentException ex) {
			problem = String.valueOf(ex.getMessage());
		}
		if (problem != null) {
			this.errors.add(FieldError.invalid(CERTIFICATE, "<certificate data>", problem));
		}
	}

	/**
	 * Conditions stay, decisions come through approval, a certificate is written once.
	 */
	private void change(String subresource, JsonObject object, JsonObject existing) {
		for (String type : List.of("Approved", "Denied", "Failed")) {
			if (count(object, type) < count(existing, type)) {
				forbid(CONDITIONS, "updates may not remove a condition of type \"" + type + "\"");
			}
		}
		for (String type : List.of("Approved", "Denied")) {
			if (!subresource.equals("approval") && count(object, type) > count(existing, type)) {
				forbid(CONDITIONS, "updates may not add a condition of type \"" + type + "\"");
			}
		}
		String before = Json.text(existing, "status", "certificate");
		if (!Json.text(object, "status", "certificate").equals(before)) {
			if (!subresource.equals("status")) {
				forbid(CERTIFICATE, "updates may not set certificate content");
			}
			else if (!before.isEmpty()) {
				forbid(CERTIFICATE, "updates may not modify existing certificate content");
			}
		}
	}

	private void forbid(String field, String detail) {
		this.errors.add(FieldError.forbidden(field, detail));
	}

	private static long count(JsonObject object, String type) {
		return Json.list(object, "status", "conditions")
			.stream()
			.filter((condition) -> Json.text(condition, "type").equals(type))
			.count();
	}

}
