package io.kubelet.cert.test.server;

import java.time.Instant;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.api.RequestBody;
import io.kubelet.cert.test.http.ApiRequest;
import io.kubelet.cert.test.http.ApiResponse;
import io.kubelet.cert.test.json.Json;

/**
 * Answers who the caller is.
 */
final class SelfSubjectReviews {

	private static final String GROUP = "authentication.k8s.io";

	private static final String KIND = "SelfSubjectReview";

	private SelfSubjectReviews() {
	}

	static boolean handles(Access access) {
		return access.resource().equals("selfsubjectreviews") && access.group().equals(GROUP)
				&& access.version().equals("v1");
	}

	static ApiResponse answer(ApiRequest request, Caller caller, Instant now) {
		if (!request.method().equals("POST")) {
			throw ApiFailure.methodNotAllowed();
		}
		RequestBody.object(request, KIND, GROUP + "/v1", "authentication." + KIND);
		JsonObject userInfo = new JsonObject();
		caller.describe(userInfo);
		return ApiResponse.json(201, Json.object("kind", KIND, "apiVersion", GROUP + "/v1", "metadata",
				Json.object("creationTimestamp", now.toString()), "status", Json.object("userInfo", userInfo)));
	}

}
