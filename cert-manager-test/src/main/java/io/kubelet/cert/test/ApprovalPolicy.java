package io.kubelet.cert.test;

import java.util.Set;

/**
 * Decides about certificate signing requests, and about requests to cert-manager. It is
 * asked once a request is created, again for all that are still pending when
 * {@link Behavior#approval(ApprovalPolicy) the policy changes}, and may be asked more
 * than once about the same request.
 * <p>
 * Called on the control plane's own thread: it must not block. What it throws is logged,
 * an assertion of a test, too, and the request is left as it is.
 */
@FunctionalInterface
public interface ApprovalPolicy {

	/**
	 * Decide about a request.
	 * @param request the request
	 * @return the verdict
	 */
	Verdict review(PendingRequest request);

	/**
	 * As a cluster with nothing added decides: the kubelet's client certificates are
	 * approved where the requester has the permission, everything to cert-manager's own
	 * issuers is approved, and everything else waits for someone.
	 * @return the policy
	 */
	static ApprovalPolicy realCluster() {
		return (request) -> Verdict.automatic();
	}

	/**
	 * As {@link #realCluster()}, and requests to {@code kubernetes.io/kubelet-serving},
	 * {@code kubernetes.io/kube-apiserver-client}, signers that are not Kubernetes' own
	 * and issuers that are not cert-manager's own are approved. This is the default.
	 * @return the policy
	 */
	static ApprovalPolicy approving() {
		return (request) -> {
			boolean own = request.signerName().matches("kubernetes.io/.*|[a-z]+\\.cert-manager\\.io/.*");
			boolean asked = Set.of("kubernetes.io/kubelet-serving", "kubernetes.io/kube-apiserver-client")
				.contains(request.signerName());
			return (asked || !own) ? Verdict.approve() : Verdict.automatic();
		};
	}

	/**
	 * Deny everything.
	 * @param reason the reason of the condition, one word
	 * @param message the message of the condition
	 * @return the policy
	 */
	static ApprovalPolicy denying(String reason, String message) {
		return (request) -> Verdict.deny(reason, message);
	}

	/**
	 * Decide nothing: a test does, with {@link EmbeddedControlPlane#approve(String)} and
	 * {@link EmbeddedControlPlane#deny(String, String, String)}.
	 * @return the policy
	 */
	static ApprovalPolicy manual() {
		return (request) -> Verdict.hold();
	}

	/**
	 * What is decided about a request.
	 *
	 * @param decision the decision
	 * @param reason the reason of the condition; empty unless approved or denied
	 * @param message the message of the condition; empty unless approved or denied
	 */
	record Verdict(Decision decision, String reason, String message) {

		/**
		 * Approve it.
		 * @return the verdict
		 */
		public static Verdict approve() {
			return new Verdict(Decision.APPROVE, "ApprovedByPolicy",
					"Approved by the embedded control plane's policy.");
		}

		/**
		 * Deny it.
		 * @param reason the reason of the condition, one word
		 * @param message the message of the condition
		 * @return the verdict
		 */
		public static Verdict deny(String reason, String message) {
			return new Verdict(Decision.DENY, reason, message);
		}

		/**
		 * Leave it to the automatic approver of a real cluster.
		 * @return the verdict
		 */
		public static Verdict automatic() {
			return new Verdict(Decision.AUTOMATIC, "", "");
		}

		/**
		 * Leave it as it is.
		 * @return the verdict
		 */
		public static Verdict hold() {
			return new Verdict(Decision.HOLD, "", "");
		}

	}

	/**
	 * The decisions there are.
	 */
	enum Decision {

		/** Approve. */
		APPROVE,

		/** Deny. */
		DENY,

		/** The cluster decides as the automatic approver of a real one does. */
		AUTOMATIC,

		/** Nothing is decided yet. */
		HOLD

	}

}
