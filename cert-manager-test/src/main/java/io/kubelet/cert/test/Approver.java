package io.kubelet.cert.test;

import java.util.Map;
import java.util.function.BiPredicate;

import com.google.gson.JsonObject;
import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.json.Json;
import io.kubelet.cert.test.pki.SigningRequest;
import io.kubelet.cert.test.resource.CertificateRequests;
import io.kubelet.cert.test.resource.CertificateSigningRequests;
import io.kubelet.cert.test.resource.RequestType;

/**
 * Decides about requests: by the policy, and where that leaves it to the cluster, as the
 * approvers in kube-controller-manager and in cert-manager do.
 */
final class Approver {

	private final Behavior behavior;

	private final BiPredicate<Caller, Access> permitted;

	Approver(Behavior behavior, BiPredicate<Caller, Access> permitted) {
		this.behavior = behavior;
		this.permitted = permitted;
	}

	ApprovalPolicy.Verdict review(RequestType type, JsonObject request) {
		SigningRequest read = RequestType.requested(request);
		String signer = type.signerName(request);
		ApprovalPolicy.Verdict verdict = this.behavior.approval().review(PendingRequest.of(request, signer, read));
		if (verdict.decision() != ApprovalPolicy.Decision.AUTOMATIC) {
			return verdict;
		}
		return (type instanceof CertificateRequests) ? certManager(signer) : automatic(request, read);
	}

	/** Without further permissions, that of cert-manager approves for its own issuers. */
	private static ApprovalPolicy.Verdict certManager(String signer) {
		return signer.matches("(cluster)?issuers\\.cert-manager\\.io/.*")
				? new ApprovalPolicy.Verdict(ApprovalPolicy.Decision.APPROVE, "cert-manager.io",
						"Certificate request has been approved by cert-manager.io")
				: ApprovalPolicy.Verdict.hold();
	}

	private ApprovalPolicy.Verdict automatic(JsonObject request, SigningRequest read) {
		String signer = Json.text(request, "spec", "signerName");
		if (!signer.equals(Signer.KUBELET_CLIENT)
				|| !Signer.refusal(signer, read, Json.texts(request, "spec", "usages")).isEmpty()) {
			return ApprovalPolicy.Verdict.hold();
		}
		String user = Json.text(request, "spec", "username");
		Caller requester = new Caller(user, Json.texts(request, "spec", "groups"), Map.of());
		if (user.equals(read.commonName()) && mayCreate(requester, "selfnodeclient")) {
			return approved("Auto approving self kubelet client certificate after SubjectAccessReview.");
		}
		if (mayCreate(requester, "nodeclient")) {
			return approved("Auto approving kubelet client certificate after SubjectAccessReview.");
		}
		return ApprovalPolicy.Verdict.hold();
	}

	private boolean mayCreate(Caller requester, String subresource) {
		return this.permitted.test(requester, Access.to("create", CertificateSigningRequests.GROUP,
				CertificateSigningRequests.PLURAL, subresource, ""));
	}

	private static ApprovalPolicy.Verdict approved(String message) {
		return new ApprovalPolicy.Verdict(ApprovalPolicy.Decision.APPROVE, "AutoApproved", message);
	}

}
