package io.kubelet.cert.kubernetes;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What to do about a 403: the RBAC rule that it asks for, ready to paste. A refusal that
 * is not about a permission, as that of a group nobody may ask for, is left as it is.
 */
final class RbacAdvice {

	/** The user is quoted as Go quotes, which YAML reads as well. */
	private static final Pattern REFUSAL = Pattern
		.compile("User \"((?:[^\"\\\\]|\\\\.)+)\" cannot (\\w+) resource \"certificatesigningrequests\"");

	private static final Pattern SERVICE_ACCOUNT = Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");

	private RbacAdvice() {
	}

	/**
	 * Add the advice.
	 * @param message the message of the answer
	 * @return the message, with what to do about it
	 */
	static String on(String message) {
		Matcher refusal = REFUSAL.matcher(message);
		if (!refusal.find()) {
			return message;
		}
		String user = refusal.group(1);
		if (user.equals("system:anonymous")) {
			return message + "\nNo credentials were sent: see to it that the kubeconfig names a user with a token, a "
					+ "client certificate or an exec plug-in that works";
		}
		return message + "\n"
				+ """
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
					.formatted(refusal.group(2), subject(user));
	}

	private static String subject(String user) {
		Matcher account = SERVICE_ACCOUNT.matcher(user);
		if (account.matches()) {
			return "- kind: ServiceAccount\n  namespace: \"%s\"\n  name: \"%s\"".formatted(account.group(1),
					account.group(2));
		}
		return "- apiGroup: rbac.authorization.k8s.io\n  kind: User\n  name: \"%s\"".formatted(user);
	}

}
