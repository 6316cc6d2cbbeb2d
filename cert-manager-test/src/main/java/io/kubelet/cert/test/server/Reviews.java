package io.kubelet.cert.test.server;

import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Map;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.RequestBody;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;

/**
 * Answers who the caller is and what it may do.
 */
public final class Reviews {

	public static final Map<String, String> KINDS = Map.of("selfsubjectreviews", "SelfSubjectReview",
			"selfsubjectaccessreviews", "SelfSubjectAccessReview");

	private final Authorizer authorizer;

	public Reviews(Authorizer authorizer) {
		this.authorizer = authorizer;
	}

	public static String group(String plural) {
		return plural.equals("selfsubjectreviews") ? "authentication.k8s.io" : "authorization.k8s.io";
	}

	public static boolean handles(Access access) {
		return KINDS.containsKey(access.resource()) && group(access.resource()).equals(access.group())
				&& access.version().equals("v1");
	}

	public ApiResponse answer(Access access, ApiRequest request, Caller caller, Instant now) {
		if (!request.method().equals("POST")) {
			throw ApiFailure.methodNotAllowed();
		}
		String kind = KINDS.getOrDefault(access.resource(), "");
		String apiVersion = access.group() + "/v1";
		JsonObject submitted = RequestBody.object(request, kind, apiVersion,
				access.group().substring(0, access.group().indexOf('.')) + "." + kind);
		JsonObject answer = Json.object("kind", kind, "apiVersion", apiVersion);
		if (kind.equals("SelfSubjectReview")) {
			JsonObject userInfo = new JsonObject();
			caller.describe(userInfo);
			answer.add("metadata", Json.object("creationTimestamp", now.truncatedTo(ChronoUnit.SECONDS).toString()));
			answer.add("status", Json.object("userInfo", userInfo));
		}
		else {
			answer.add("metadata", new JsonObject());
			answer.add("spec", Json.objectAt(submitted, "spec"));
			answer.add("status", status(submitted, caller));
		}
		return ApiResponse.json(201, answer);
	}

	private JsonObject status(JsonObject submitted, Caller caller) {
		JsonObject resource = Json.objectAt(submitted, "spec", "resourceAttributes");
		JsonObject path = Json.objectAt(submitted, "spec", "nonResourceAttributes");
		Access access = resource.isEmpty()
				? new Access(Json.text(path, "verb"), "", "", "", "", "", "", Json.text(path, "path"))
				: new Access(Json.text(resource, "verb"), Json.text(resource, "group"), "v1",
						Json.text(resource, "namespace"), Json.text(resource, "resource"),
						Json.text(resource, "subresource"), Json.text(resource, "name"), "");
		Authorizer.Decision decision = this.authorizer.decide(caller, access);
		JsonObject status = Json.object("allowed", decision.allowed());
		if (!decision.reason().isEmpty()) {
			status.addProperty("reason", decision.reason());
		}
		return status;
	}

}
