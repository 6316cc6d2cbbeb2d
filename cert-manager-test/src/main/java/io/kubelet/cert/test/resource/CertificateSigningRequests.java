package io.kubelet.cert.test.resource;

import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;

import com.google.gson.JsonArray;
import com.google.gson.JsonElement;
import com.google.gson.JsonNull;
import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The rules of certificate signing requests: who asked is written by the server, the
 * specification never changes, approval and certificate each have their own way in.
 */
public final class CertificateSigningRequests extends RequestType {

	public static final String GROUP = "certificates.k8s.io";

	public static final String PLURAL = "certificatesigningrequests";

	private static final String API_SERVER_CLIENT = "kubernetes.io/kube-apiserver-client";

	private static final List<String> DECISIONS = List.of("Approved", "Denied");

	private final Clock clock;

	private final BiPredicate<Caller, Access> permitted;

	/**
	 * Create the rules.
	 * @param clock gives the times of conditions
	 * @param permitted says whether a caller may do something, for the signers'
	 * permissions
	 */
	public CertificateSigningRequests(Clock clock, BiPredicate<Caller, Access> permitted) {
		super(GROUP, PLURAL, "CertificateSigningRequest", false);
		this.clock = clock;
		this.permitted = permitted;
	}

	@Override
	public boolean isPending(JsonObject request) {
		return !isIssued(request) && !has(request, "Denied") && !has(request, "Failed");
	}

	@Override
	public String signerName(JsonObject request) {
		return Json.text(request, "spec", "signerName");
	}

	@Override
	public @Nullable Duration lifetime(JsonObject request) {
		String seconds = Json.text(request, "spec", "expirationSeconds");
		return seconds.isEmpty() ? null : Duration.ofSeconds(Long.parseLong(seconds));
	}

	@Override
	public void decide(JsonObject request, String condition, String reason, String message, String now) {
		add(request, Json.object("type", condition, "status", "True", "reason", reason, "message", message,
				"lastUpdateTime", now, "lastTransitionTime", now));
	}

	@Override
	public void issue(JsonObject request, String certificate, @Nullable String authority, String now) {
		request.getAsJsonObject("status").addProperty("certificate", certificate);
	}

	@Override
	public List<String> shortNames() {
		return List.of("csr");
	}

	@Override
	public Set<String> subresources() {
		return Set.of("approval", "status");
	}

	@Override
	public Set<String> selectableFields() {
		return Set.of("spec.signerName");
	}

	@Override
	public JsonObject blank() {
		return Json.object("spec", Json.object("request", JsonNull.INSTANCE, "signerName", ""), "status",
				new JsonObject());
	}

	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		JsonObject spec = Json.pick(Json.objectAt(submitted, "spec"), "request", "signerName", "expirationSeconds",
				"usages");
		caller.describe(spec);
		return Json.object("spec", spec, "status", new JsonObject());
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		JsonObject status = Json.objectAt(existing, "status");
		if (subresource.equals("approval")) {
			status.add("conditions", stamped(Json.list(submitted, "status", "conditions"), existing));
		}
		else if (subresource.equals("status")) {
			status = Json.pick(Json.objectAt(submitted, "status"), "conditions", "certificate");
			status.add("conditions", stamped(keepingDecisions(status, existing), existing));
		}
		if (Json.list(status, "conditions").isEmpty()) {
			status.remove("conditions");
		}
		return Json.object("spec", Json.objectAt(existing, "spec"), "status", status);
	}

	/** A decision that was made stays as it is, whatever a signer writes. */
	private static List<JsonElement> keepingDecisions(JsonObject status, JsonObject existing) {
		List<JsonElement> conditions = Json.list(status, "conditions");
		for (String decision : DECISIONS) {
			List<JsonElement> before = conditions(existing, decision);
			for (int i = 0; i < conditions.size() && before.size() == 1; i++) {
				if (Json.text(conditions.get(i), "type").equals(decision)) {
					conditions.set(i, before.get(0));
				}
			}
		}
		return conditions;
	}

	private JsonArray stamped(List<JsonElement> conditions, JsonObject existing) {
		String now = this.clock.instant().toString();
		JsonArray stamped = new JsonArray();
		for (JsonElement condition : conditions) {
			JsonObject object = Json.pick(condition.getAsJsonObject(), "type", "status", "reason", "message",
					"lastUpdateTime", "lastTransitionTime");
			if (Json.text(object, "lastUpdateTime").isEmpty()) {
				object.addProperty("lastUpdateTime", now);
			}
			if (Json.text(object, "lastTransitionTime").isEmpty()) {
				String since = conditions(existing, Json.text(object, "type")).stream()
					.filter((before) -> Json.text(before, "status").equals(Json.text(object, "status")))
					.map((before) -> Json.text(before, "lastTransitionTime"))
					.findFirst()
					.orElse(now);
				object.addProperty("lastTransitionTime", since);
			}
			stamped.add(object);
		}
		return stamped;
	}

	@Override
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		return CertificateSigningRequestValidation.validate(subresource, object, existing);
	}

	/** Approving and signing need a permission for the signer, too. */
	@Override
	public void admit(String subresource, JsonObject object, @Nullable JsonObject existing, Caller caller) {
		String signer = Json.text(object, "spec", "signerName");
		String name = Json.text(object, "metadata", "name");
		if (existing == null) {
			refuseMasters(object, signer, name);
		}
		else if (subresource.equals("approval") && !mayUse(signer, "approve", caller)) {
			throw ApiFailure.forbidden(GROUP, PLURAL, name,
					"user not permitted to approve requests with signerName \"%s\"".formatted(signer));
		}
		else if (subresource.equals("status")
				&& !Json.text(object, "status", "certificate").equals(Json.text(existing, "status", "certificate"))
				&& !mayUse(signer, "sign", caller)) {
			throw ApiFailure.forbidden(GROUP, PLURAL, name,
					"user not permitted to sign requests with signerName \"%s\"".formatted(signer));
		}
	}

	private static void refuseMasters(JsonObject object, String signer, String name) {
		if (signer.equals(API_SERVER_CLIENT) && requested(object).organizations().contains("system:masters")) {
			throw ApiFailure.forbidden(GROUP, PLURAL, name,
					"use of %s signer with system:masters group is not allowed".formatted(signer));
		}
	}

	private boolean mayUse(String signer, String verb, Caller caller) {
		return SignerName.isPermitted(signer, verb, caller, this.permitted);
	}

}
