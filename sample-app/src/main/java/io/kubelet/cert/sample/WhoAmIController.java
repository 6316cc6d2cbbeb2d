package io.kubelet.cert.sample;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubernetes.client.openapi.ApiClient;
import io.kubernetes.client.openapi.ApiException;
import io.kubernetes.client.openapi.apis.AuthenticationV1Api;
import io.kubernetes.client.openapi.models.V1SelfSubjectReview;
import io.kubernetes.client.openapi.models.V1UserInfo;
import org.jspecify.annotations.Nullable;

import org.springframework.boot.autoconfigure.condition.ConditionalOnBooleanProperty;
import org.springframework.web.bind.annotation.GetMapping;
import org.springframework.web.bind.annotation.RestController;

/**
 * Asks the API server who this application is. The answer follows from the current client
 * certificate, and is kept for a second, so that not every request causes another one. So
 * is a failure: while the API server cannot be reached, only one request waits for it.
 */
@RestController
@ConditionalOnBooleanProperty("kubelet.cert.kubernetes.api-client.enabled")
class WhoAmIController {

	private static final Duration AGE = Duration.ofSeconds(1);

	private final AuthenticationV1Api authentication;

	private final CertificateManager client;

	private @Nullable Answer last;

	WhoAmIController(ApiClient client, CertificateManagers managers) {
		this.authentication = new AuthenticationV1Api(client);
		this.client = managers.get("kubelet-client");
	}

	@GetMapping("/who-am-i")
	synchronized WhoAmI whoAmI() throws ApiException {
		Optional<CertificatePair> pair = this.client.current();
		Answer last = this.last;
		if (last == null || !last.pair.equals(pair) || Instant.now().isAfter(last.at.plus(AGE))) {
			last = ask(pair);
			this.last = last;
		}
		if (last.failure != null) {
			throw last.failure;
		}
		return last.whoAmI;
	}

	private Answer ask(Optional<CertificatePair> pair) {
		WhoAmI whoAmI = new WhoAmI(null, List.of());
		try {
			V1SelfSubjectReview review = this.authentication.createSelfSubjectReview(new V1SelfSubjectReview())
				.execute();
			V1UserInfo user = (review.getStatus() != null) ? review.getStatus().getUserInfo() : null;
			whoAmI = (user != null) ? new WhoAmI(user.getUsername(), user.getGroups()) : whoAmI;
			return new Answer(Instant.now(), pair, whoAmI, null);
		}
		catch (ApiException ex) {
			return new Answer(Instant.now(), pair, whoAmI, ex);
		}
	}

	private record Answer(Instant at, Optional<CertificatePair> pair, WhoAmI whoAmI, @Nullable ApiException failure) {

	}

	record WhoAmI(@Nullable String username, @Nullable List<String> groups) {

	}

}
