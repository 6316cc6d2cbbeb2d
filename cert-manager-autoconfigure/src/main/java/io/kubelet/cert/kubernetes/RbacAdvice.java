package io.kubelet.cert.kubernetes;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The RBAC rule that a 403 asks for, ready to paste.
 */
final class RbacAdvice {

	private static final Pattern USER = Pattern.compile("User \"([^\"]+)\"");

	private static final Pattern SERVICE_ACCOUNT = Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");

	private RbacAdvice() {
	}

	/**
	 * @param message the message of the answer; it names the user
	 */
	static String forVerb(String verb, String message) {
		Matcher matcher = USER.matcher(message);
		String user = matcher.find() ? matcher.group(1) : "the-user";
		return """
				It lacks the permission to %s certificate signing requests. An administrator grants it with 'kubectl apply -f -' and:
				apiVersion: rbac.authorization.k8s.io/v1
				kind: ClusterRole
				metadata:
				  name: certificate-requester
				rules:
				- apiGroups: ["certificates.k8s.io"]
				  resources: ["certificatesigningrequests"]
				  verbs: ["create", "get", "list", "watch"]
				---
				apiVersion: rbac.authorization.k8s.io/v1
				kind: ClusterRoleBinding
				metadata:
				  name: certificate-requester
				roleRef:
				  apiGroup: rbac.authorization.k8s.io
				  kind: ClusterRole
				  name: certificate-requester
				subjects:
				%s"""
			.formatted(verb, subject(user));
	}

	private static String subject(String user) {
		Matcher account = SERVICE_ACCOUNT.matcher(user);
		if (account.matches()) {
			return "- kind: ServiceAccount\n  namespace: %s\n  name: %s".formatted(account.group(1), account.group(2));
		}
		return "- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: \"%s\"".formatted(user);
	}

}
