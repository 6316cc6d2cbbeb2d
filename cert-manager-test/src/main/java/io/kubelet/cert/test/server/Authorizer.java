package io.kubelet.cert.test.server;

import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.resource.CertificateSigningRequests;
import io.kubelet.cert.test.resource.ClusterTrustBundles;

/**
 * Says who may do what, as RBAC and the node authorizer do.
 */
public final class Authorizer {

	private static final String MASTERS = "system:masters";

	private static final String NODES = "system:nodes";

	private static final String NODE_PREFIX = "system:node:";

	private static final List<String> PUBLIC_PATHS = List.of("/healthz", "/livez", "/readyz", "/version");

	private static final List<String> DISCOVERY_PATHS = List.of("/api", "/apis", "/openapi");

	private final List<Grant> grants = new CopyOnWriteArrayList<>();

	public Authorizer() {
		String requests = CertificateSigningRequests.PLURAL;
		role("system:node-bootstrapper", "system:bootstrappers", Set.of("create", "get", "list", "watch"), requests);
		role("system:certificates.k8s.io:certificatesigningrequests:nodeclient", "system:bootstrappers",
				Set.of("create"), requests + "/nodeclient");
		role("system:certificates.k8s.io:certificatesigningrequests:selfnodeclient", NODES, Set.of("create"),
				requests + "/selfnodeclient");
		role("system:node", NODES, Set.of("create", "get", "list", "watch"), requests);
		role("system:node", NODES, Set.of("get", "list", "watch"), ClusterTrustBundles.PLURAL);
		role("system:cluster-trust-bundle-discovery", "system:serviceaccounts", Set.of("get", "list", "watch"),
				ClusterTrustBundles.PLURAL);
		for (String resource : List.of("selfsubjectreviews", "selfsubjectaccessreviews")) {
			role("system:basic-user", "system:authenticated", Set.of("create"), resource);
		}
	}

	/**
	 * Permit something.
	 * @param subject a user or a group
	 * @param verbs the verbs; {@code *} for all
	 * @param resource the resource and subresource, as in
	 * {@code certificatesigningrequests/approval}; {@code *} for all
	 * @param names the names of the objects; none for all
	 */
	public void allow(String subject, Set<String> verbs, String resource, Set<String> names) {
		this.grants.add(new Grant("embedded", subject, Set.copyOf(verbs), resource, Set.copyOf(names)));
	}

	private void role(String role, String group, Set<String> verbs, String resource) {
		this.grants.add(new Grant(role, group, verbs, resource, Set.of()));
	}

	public boolean isAllowed(Caller caller, Access access) {
		return decide(caller, access).allowed();
	}

	/**
	 * Refuse what is not permitted.
	 * @throws ApiFailure 403
	 */
	public void require(Caller caller, Access access) {
		Decision decision = decide(caller, access);
		if (!decision.allowed()) {
			throw ApiFailure.forbidden(caller, access, decision.reason());
		}
	}

	public Decision decide(Caller caller, Access access) {
		if (caller.isMember(MASTERS)) {
			return new Decision(true, "");
		}
		if (!access.isResource()) {
			return new Decision(mayVisit(caller, access), "");
		}
		List<String> reasons = new ArrayList<>();
		if (caller.isMember(NODES) && caller.user().startsWith(NODE_PREFIX)
				&& isNodePermitted(caller.user().substring(NODE_PREFIX.length()), access, reasons)) {
			return new Decision(true, "");
		}
		for (Grant grant : this.grants) {
			if (grant.covers(caller, access)) {
				return new Decision(true, grant.reason(caller));
			}
		}
		return new Decision(false, String.join(", ", reasons));
	}

	private static boolean mayVisit(Caller caller, Access access) {
		return access.verb().equals("get") && (matches(PUBLIC_PATHS, access.path())
				|| (caller.isMember("system:authenticated") && matches(DISCOVERY_PATHS, access.path())));
	}

	private static boolean matches(List<String> prefixes, String path) {
		return prefixes.stream().anyMatch((prefix) -> path.equals(prefix) || path.startsWith(prefix + "/"));
	}

	/** A node reads and writes itself, and no other. */
	private static boolean isNodePermitted(String node, Access access, List<String> reasons) {
		if (!access.group().isEmpty() || !access.resource().equals("nodes")) {
			return false;
		}
		boolean itself = access.name().equals(node);
		if (Set.of("get", "list", "watch").contains(access.verb())) {
			if (!itself) {
				reasons.add("node '%s' cannot read %s, only its own Node object".formatted(node,
						access.name().isEmpty() ? "all nodes" : "'" + access.name() + "'"));
			}
			return itself;
		}
		return access.verb().equals("create") || (itself && Set.of("update", "patch").contains(access.verb()));
	}

	/**
	 * What was decided.
	 */
	public record Decision(boolean allowed, String reason) {

	}

	private record Grant(String role, String subject, Set<String> verbs, String resource, Set<String> names) {

		boolean covers(Caller caller, Access access) {
			return (caller.user().equals(this.subject) || caller.isMember(this.subject))
					&& (this.verbs.contains("*") || this.verbs.contains(access.verb()))
					&& (this.resource.equals("*") || this.resource.equals(access.resourceAndSubresource()))
					&& (this.names.isEmpty() || this.names.contains(access.name()));
		}

		String reason(Caller caller) {
			return "RBAC: allowed by ClusterRoleBinding \"%s\" of ClusterRole \"%s\" to %s \"%s\"".formatted(
					"embedded:" + this.role, this.role, caller.user().equals(this.subject) ? "User" : "Group",
					this.subject);
		}

	}

}
