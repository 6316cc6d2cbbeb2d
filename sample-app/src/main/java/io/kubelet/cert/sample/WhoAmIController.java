package io.kubelet.cert.sample;

import java.util.List;

import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import io.kubernetes.client.openapi.models.V1UserInfo;
import org.jspecify.annotations.Nullable;

import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Asks the API server who this application is: the answer follows from the client
 * certificate that is current at that moment.
 */
@RestController
class WhoAmIController {

	private final AuthenticationV1Api authentication;

	WhoAmIController(ApiClient client) {
		this.authentication = new AuthenticationV1Api(client);
	}

	@GetMapping("/who-am-i")
	WhoAmI whoAmI() throws ApiException {
		V1SelfSubjectReview review = this.authentication.createSelfSubjectReview(new V1SelfSubjectReview()).execute();
		V1UserInfo user = (review.getStatus() != null) ? review.getStatus().getUserInfo() : null;
		return (user != null) ? new WhoAmI(user.getUsername(), user.getGroups()) : new WhoAmI(null, List.of());
	}

	record WhoAmI(@Nullable String username, @Nullable List<String> groups) {

	}

}
