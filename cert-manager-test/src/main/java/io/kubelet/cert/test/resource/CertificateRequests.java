package io.kubelet.cert.test.resource;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.function.BiPredicate;
import java.util.function.Function;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.FieldError;
import io.kubelet.cert.test.api.ResourceType;
import io.kubelet.cert.test.json.Json;
import org.jspecify.annotations.Nullable;

/**
 * The rules of cert-manager's certificate requests, which its custom resource definition
 * and its webhook enforce: the webhook adds the requester, and the specification never
 * changes.
 */
public final class CertificateRequests extends RequestType {

	public static final String GROUP = "cert-manager.io";

	public static final String PLURAL = "certificaterequests";

	private static final String WEBHOOK = "webhook.cert-manager.io";

	private static final List<String> MEMBERS = List.of("duration", "issuerRef", "request", "isCA", "usages");

	private final Function<JsonObject, @Nullable ResourceType> issuerTypes;

	private final BiPredicate<Caller, Access> permitted;

	/**
	 * Create the rules.
	 * @param issuerTypes returns the type to which a request's issuer belongs
	 * @param permitted returns whether a caller may do something, for the permission to
	 * approve
	 */
	public CertificateRequests(Function<JsonObject, @Nullable ResourceType> issuerTypes,
			BiPredicate<Caller, Access> permitted) {
		super(GROUP, PLURAL, "CertificateRequest", true);
		this.issuerTypes = issuerTypes;
		this.permitted = permitted;
	}

	/** The issuer that a request names. */
	public static IssuerReference issuer(JsonObject request) {
		return IssuerReference.of(request);
	}

	@Override
	public boolean isPending(JsonObject request) {
		return !isIssued(request) && !has(request, "InvalidRequest") && conditions(request, "Ready").stream()
			.allMatch((ready) -> Json.text(ready, "reason").equals("Pending"));
	}

	@Override
	public String signerName(JsonObject request) {
		IssuerReference issuer = issuer(request);
		ResourceType type = this.issuerTypes.apply(request);
		if (type == null) {
			return issuer.kind().toLowerCase() + "s." + issuer.group() + "/" + issuer.name();
		}
		String namespace = type.isNamespaced() ? Json.text(request, "metadata", "namespace") + "." : "";
		return type.plural() + "." + type.group() + "/" + namespace + issuer.name();
	}

	@Override
	public @Nullable Duration lifetime(JsonObject request) {
		String duration = Json.text(request, "spec", "duration");
		return duration.isEmpty() ? null : GoDuration.parse(duration);
	}

	@Override
	public void decide(JsonObject request, String condition, String reason, String message, String now) {
		if (condition.equals("Failed")) {
			ready(request, "Failed", message, now);
		}
		else {
			add(request, condition(condition, "True", reason, message, now));
		}
	}

	@Override
	public void issue(JsonObject request, String certificate, @Nullable String authority, String now) {
		JsonObject status = request.getAsJsonObject("status");
		status.addProperty("certificate", certificate);
		if (authority != null) {
			status.addProperty("ca", authority);
		}
		setReady(request, condition("Ready", "True", "Issued", "Certificate fetched from issuer successfully", now));
	}

	/**
	 * State that a request is not ready. A repetition changes nothing.
	 * @param reason {@code Pending}, {@code Failed} or {@code Denied}
	 */
	public void ready(JsonObject request, String reason, String message, String now) {
		if (conditions(request, "Ready").stream().anyMatch((ready) -> Json.text(ready, "message").equals(message))) {
			return;
		}
		setReady(request, condition("Ready", "False", reason, message, now));
		if (!reason.equals("Pending")) {
			request.getAsJsonObject("status").addProperty("failureTime", now);
		}
	}

	private static void setReady(JsonObject request, JsonObject ready) {
		conditions(request, "Ready")
			.forEach((previous) -> request.getAsJsonObject("status").getAsJsonArray("conditions").remove(previous));
		add(request, ready);
	}

	private static JsonObject condition(String type, String status, String reason, String message, String now) {
		return Json.object("type", type, "status", status, "reason", reason, "message", message, "lastTransitionTime",
				now);
	}

	@Override
	public boolean isCustom() {
		return true;
	}

	@Override
	public boolean isNamedAsSubdomain() {
		return true;
	}

	@Override
	public List<String> shortNames() {
		return List.of("cr", "crs");
	}

	@Override
	public List<String> categories() {
		return List.of("cert-manager");
	}

	@Override
	public Set<String> subresources() {
		return Set.of("status");
	}

	@Override
	public List<String> warnings(JsonObject submitted) {
		return Json.objectAt(submitted, "spec")
			.keySet()
			.stream()
			.filter((member) -> !MEMBERS.contains(member)
					&& !Set.of("username", "uid", "groups", "extra").contains(member))
			.map((member) -> "unknown field \"spec." + member + "\"")
			.toList();
	}

	/** The webhook cannot read an object whose duration is none. */
	@Override
	public JsonObject prepareForCreate(JsonObject submitted, Caller caller) {
		JsonObject spec = Json.pick(Json.objectAt(submitted, "spec"), MEMBERS.toArray(String[]::new));
		String duration = Json.text(spec, "duration");
		if (!duration.isEmpty()) {
			try {
				spec.addProperty("duration", GoDuration.format(GoDuration.parse(duration)));
			}
			catch (IllegalArgumentException ex) {
				throw ApiFailure.refusedByWebhook(400, WEBHOOK, String.valueOf(ex.getMessage()));
			}
		}
		caller.describe(spec);
		return Json.object("spec", spec);
	}

	@Override
	public JsonObject prepareForUpdate(String subresource, JsonObject submitted, JsonObject existing) {
		boolean status = subresource.equals("status");
		JsonObject members = Json.pick(status ? existing : submitted, "spec");
		JsonObject from = Json.objectAt(status ? submitted : existing, "status");
		JsonObject known = Json.pick(from, "conditions", "certificate", "ca", "failureTime");
		if (!known.isEmpty()) {
			members.add("status", known);
		}
		return members;
	}

	@Override
	public List<FieldError> validate(String subresource, JsonObject object, @Nullable JsonObject existing) {
		return CertificateRequestValidation.schema(object);
	}

	/** What the webhook refuses. */
	@Override
	public void admit(String subresource, JsonObject object, @Nullable JsonObject existing, Caller caller) {
		List<FieldError> errors = new ArrayList<>(CertificateRequestValidation.webhook(object, existing));
		if (existing != null && subresource.equals("status") && errors.isEmpty() && isDecidedNow(object, existing)) {
			errors.addAll(approval(object, caller));
		}
		if (!errors.isEmpty()) {
			String why = String.join(", ", errors.stream().map(FieldError::toString).toList());
			throw ApiFailure.refusedByWebhook(406, WEBHOOK, (errors.size() == 1) ? why : "[" + why + "]");
		}
	}

	private static boolean isDecidedNow(JsonObject object, JsonObject existing) {
		return (has(object, "Approved") && !has(existing, "Approved"))
				|| (has(object, "Denied") && !has(existing, "Denied"));
	}

	/** Who approves or denies needs a permission for the issuer. */
	private List<FieldError> approval(JsonObject object, Caller caller) {
		JsonObject reference = Json.objectAt(object, "spec", "issuerRef");
		String shown = "{%s %s %s}".formatted(Json.text(reference, "name"), Json.text(reference, "kind"),
				Json.text(reference, "group"));
		if (this.issuerTypes.apply(object) == null) {
			return List
				.of(FieldError.forbidden("spec.issuerRef", "referenced signer resource does not exist: " + shown));
		}
		String signer = signerName(object);
		for (String name : List.of(signer, signer.substring(0, signer.indexOf('/')) + "/*")) {
			if (this.permitted.test(caller, Access.to("approve", GROUP, "signers", "", name))) {
				return List.of();
			}
		}
		return List.of(FieldError.forbidden("status.conditions",
				"user \"%s\" does not have permissions to set approved/denied conditions for issuer %s"
					.formatted(caller.user(), shown)));
	}

}
