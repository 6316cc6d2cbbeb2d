package io.kubelet.cert.test.server;

import java.util.List;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.test.api.Access;
import io.kubelet.cert.test.api.ApiFailure;
import io.kubelet.cert.test.api.Caller;
import io.kubelet.cert.test.resource.CertificateRequests;
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

	private static final List<String> DISCOVERY_PATHS = List.of("/api", "/apis");

	private final List<Grant> grants = new CopyOnWriteArrayList<>();

	public Authorizer() {
		String requests = CertificateSigningRequests.PLURAL;
		Set<String> reads = Set.of("get", "list", "watch");
		for (String group : List.of("system:bootstrappers", NODES)) {
			allow(group, Set.of("create"), requests, Set.of());
			allow(group, reads, requests, Set.of());
		}
		allow("system:bootstrappers", Set.of("create"), requests + "/nodeclient", Set.of());
		allow("system:bootstrappers", Set.of("create", "get", "list", "watch", "delete"),
				CertificateRequests.PLURAL + "." + CertificateRequests.GROUP, Set.of());
		allow("system:bootstrappers", Set.of("create", "get", "list", "watch", "update"), "secrets", Set.of());
		allow(NODES, Set.of("create"), requests + "/selfnodeclient", Set.of());
		allow(NODES, reads, ClusterTrustBundles.PLURAL, Set.of());
		allow("system:serviceaccounts", reads, ClusterTrustBundles.PLURAL, Set.of());
		allow("system:authenticated", Set.of("create"), "selfsubjectreviews", Set.of());
	}

	/**
	 * Permit something.
	 * @param subject a user or a group
	 * @param verbs the verbs; {@code *} for all
	 * @param resource the resource and subresource, as in
	 * {@code certificatesigningrequests/approval}, of every API group or, as in
	 * {@code certificaterequests.cert-manager.io}, of one; {@code *} for all
	 * @param names the names of the objects; none for all
	 */
	public void allow(String subject, Set<String> verbs, String resource, Set<String> names) {
		allow("", subject, verbs, resource, names);
	}

	/**
	 * Permit something in a namespace.
	 * @param namespace the namespace; empty for all, and for objects that are in none
	 */
	public void allow(String namespace, String subject, Set<String> verbs, String resource, Set<String> names) {
		this.grants.add(new Grant(namespace, subject, Set.copyOf(verbs), resource, Set.copyOf(names)));
	}

	/**
	 * Refuse what is not permitted.
	 * @throws ApiFailure 403
	 */
	void require(Caller caller, Access access) {
		if (!isAllowed(caller, access)) {
			throw ApiFailure.forbidden(caller, access, reason(caller, access));
		}
	}

	public boolean isAllowed(Caller caller, Access access) {
		if (caller.isMember(MASTERS)) {
			return true;
		}
		if (!access.isResource()) {
			return mayVisit(caller, access);
		}
		return isOwnNode(caller, access) || this.grants.stream().anyMatch((grant) -> grant.covers(caller, access));
	}

	private static boolean mayVisit(Caller caller, Access access) {
		return access.verb().equals("get") && (matches(PUBLIC_PATHS, access.path())
				|| (caller.isMember("system:authenticated") && matches(DISCOVERY_PATHS, access.path())));
	}

	private static boolean matches(List<String> prefixes, String path) {
		return prefixes.stream().anyMatch((prefix) -> path.equals(prefix) || path.startsWith(prefix + "/"));
	}

	/** A node reads and writes itself, and no other. */
	private static boolean isOwnNode(Caller caller, Access access) {
		boolean itself = caller.user().equals(NODE_PREFIX + access.name())
				&& Set.of("get", "list", "watch", "update").contains(access.verb());
		return isNodeOnNodes(caller, access) && (itself || access.verb().equals("create"));
	}

	private static boolean isNodeOnNodes(Caller caller, Access access) {
		return caller.isMember(NODES) && caller.user().startsWith(NODE_PREFIX) && access.group().isEmpty()
				&& access.resource().equals("nodes");
	}

	private static String reason(Caller caller, Access access) {
		if (!isNodeOnNodes(caller, access) || !Set.of("get", "list", "watch").contains(access.verb())) {
			return "";
		}
		return "node '%s' cannot read %s, only its own Node object".formatted(
				caller.user().substring(NODE_PREFIX.length()),
				access.name().isEmpty() ? "all nodes" : "'" + access.name() + "'");
	}

	private record Grant(String namespace, String subject, Set<String> verbs, String resource, Set<String> names) {

		boolean covers(Caller caller, Access access) {
			return (caller.user().equals(this.subject) || caller.isMember(this.subject))
					&& (this.namespace.isEmpty() || this.namespace.equals(access.namespace()))
					&& (this.verbs.contains("*") || this.verbs.contains(access.verb()))
					&& Set.of("*", access.resourceAndSubresource(), access.qualifiedResource()).contains(this.resource)
					&& (this.names.isEmpty() || this.names.contains(access.name()));
		}

	}

}
