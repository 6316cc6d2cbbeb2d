package io.kubelet.cert.test;

import java.time.Clock;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateSigningRequests;
import io.kubelet.cert.test.resource.Issuers;
import io.kubelet.cert.test.resource.RequestType;

/**
 * Does what kube-controller-manager does about certificate signing requests, and
 * cert-manager if it is asked to.
 */
final class SignerController extends RequestController {

	SignerController(ObjectStore store, RequestType type, Approver approver, Issuers issuers, Signer signer,
			Behavior behavior, Clock clock, ScheduledExecutorService executor) {
		super(store, type, approver, issuers, signer, behavior, clock, executor);
	}

	@Override
	boolean isSigned(JsonObject request) {
		String signer = this.type.signerName(request);
		return this.signer.isResponsibleFor(signer) || this.issuers.findBySignerName(signer) != null;
	}

	@Override
	void sign(JsonObject request) {
		String name = this.type.signerName(request);
		String refusal = Signer.refusal(name, CertificateSigningRequests.requested(request),
				Json.texts(request, "spec", "usages"));
		if (!refusal.isEmpty()) {
			decide(name(request), "Failed", "SignerValidationFailure", refusal);
			return;
		}
		JsonObject issuer = this.issuers.findBySignerName(name);
		Duration lifetime = this.type.lifetime(request);
		String certificate = Pem.encode((issuer == null) ? this.signer.sign(request, lifetime)
				: this.signer.sign(request, this.issuers.authority(issuer), lifetime));
		change(request, (object) -> this.type.issue(object, certificate, null, now()));
	}

}
