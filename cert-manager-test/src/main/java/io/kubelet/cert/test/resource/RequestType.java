package io.kubelet.cert.test.resource;

import java.time.Duration;
import java.util.List;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.pki.SigningRequest;
import org.jspecify.annotations.Nullable;

/**
 * A type of objects that request a certificate: somebody approves or denies them, and a
 * signer writes the certificate into their status.
 */
public abstract class RequestType extends ResourceType {

	public RequestType(String group, String plural, String kind, boolean namespaced) {
		super(group, plural, kind, namespaced);
	}

	/** Whether a request has a condition, whatever its status. */
	public static boolean has(JsonObject request, String condition) {
		return !conditions(request, condition).isEmpty();
	}

	static List<JsonElement> conditions(JsonObject request, String type) {
		return Json.list(request, "status", "conditions")
			.stream()
			.filter((condition) -> Json.text(condition, "type").equals(type))
			.toList();
	}

	public static boolean isIssued(JsonObject request) {
		return !Json.text(request, "status", "certificate").isEmpty();
	}

	/** What is requested. */
	public static SigningRequest requested(JsonObject request) {
		return SigningRequest.of(Pem.decode(Json.text(request, "spec", "request")));
	}

	/** Whether a request has neither a certificate nor a refusal. */
	public abstract boolean isPending(JsonObject request);

	/** The signer, in the form in which permissions name it. */
	public abstract String signerName(JsonObject request);

	/** The lifetime that is requested; {@code null} for the signer's default. */
	public abstract @Nullable Duration lifetime(JsonObject request);

	/** Add a condition that an approver or a signer decided on. */
	public abstract void decide(JsonObject request, String condition, String reason, String message, String now);

	/** Write the certificate, and what comes with it. */
	public abstract void issue(JsonObject request, String certificate, @Nullable String authority, String now);

	static void add(JsonObject request, JsonObject condition) {
		JsonObject status = Json.objectAt(request, "status");
		request.add("status", status);
		JsonArray conditions = (status.get("conditions") instanceof JsonArray array) ? array : new JsonArray();
		conditions.add(condition);
		status.add("conditions", conditions);
	}

}
