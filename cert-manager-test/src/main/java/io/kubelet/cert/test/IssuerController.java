package io.kubelet.cert.test;

import java.time.Clock;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ScheduledExecutorService;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.ObjectStore;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.CertificateAuthority;
import io.kubelet.cert.test.pki.Pem;
import io.kubelet.cert.test.resource.CertificateRequests;
import io.kubelet.cert.test.resource.Issuers;
import org.jspecify.annotations.Nullable;

/**
 * Does what cert-manager does about its certificate requests.
 */
final class IssuerController extends RequestController {

	private final CertificateRequests requests;

	IssuerController(ObjectStore store, CertificateRequests type, Approver approver, Issuers issuers, Signer signer,
			Behavior behavior, Clock clock, ScheduledExecutorService executor) {
		super(store, type, approver, issuers, signer, behavior, clock, executor);
		this.requests = type;
	}

	/** An issuer of a type that is not installed has no controller. */
	@Override
	boolean isSigned(JsonObject request) {
		return CertificateRequests.has(request, "Denied") || this.issuers.type(request) != null;
	}

	@Override
	void sign(JsonObject request) {
		JsonObject issuer = this.issuers.find(request);
		if (CertificateRequests.has(request, "Denied")) {
			ready(request, "Denied", "The CertificateRequest was denied by an approval controller");
		}
		else if (issuer == null) {
			ready(request, "Pending", CertificateRequests.issuer(request).notFound());
		}
		else if (Json.at(issuer, "spec", "selfSigned") != null) {
			ready(request, "Failed", "Annotation \"cert-manager.io/private-key-secret-name\" missing or reference "
					+ "empty: secret name missing");
		}
		else {
			issue(request, this.issuers.authority(issuer));
		}
	}

	private void issue(JsonObject request, CertificateAuthority authority) {
		String certificate = Pem.encode(this.signer.sign(request, authority, this.requests.lifetime(request)));
		String reported = reported(authority);
		change(request, (object) -> this.requests.issue(object, certificate, reported, now()));
	}

	private @Nullable String reported(CertificateAuthority authority) {
		Set<SignerFlaw> flaws = this.behavior.currentFlaws();
		if (flaws.contains(SignerFlaw.NO_AUTHORITY)) {
			return null;
		}
		CertificateAuthority other = flaws.contains(SignerFlaw.ANOTHER_AUTHORITY)
				? CertificateAuthority.create("another-ca") : authority;
		return Pem.encode(Pem.write(List.of(other.certificate())));
	}

	private void ready(JsonObject request, String reason, String message) {
		change(request, (object) -> this.requests.ready(object, reason, message, now()));
	}

}
