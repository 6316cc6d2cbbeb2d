package io.kubelet.cert.kubernetes;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Adds to the message of a 403 the RBAC rule that grants the permission, ready to paste.
 * Each user has a separate rule and binding, so pasting one does not affect another. A
 * refusal that is not about a permission is left as it is.
 */
final class RbacAdvice {

	/** The user is quoted as in Go, which YAML reads as well. */
	private static final Pattern REFUSAL = Pattern.compile("User \"((?:[^\"\\\\]|\\\\.)+)\" cannot (\\w+) resource "
			+ "\"(?:certificatesigningrequests|(certificaterequests)\" in API group \"[^\"]*\" in the namespace \"([^\"]+))\"");

	private static final Pattern SERVICE_ACCOUNT = Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");

	/** Characters that a name in Kubernetes must not contain (RFC 1123). */
	private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^a-z0-9]+");

	private static final int MAXIMUM_LENGTH = 200;

	private RbacAdvice() {
	}

	/**
	 * Adds the advice.
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
			return message + "\nNo credentials were sent: name a user with a token, a client certificate or a working "
					+ "exec plug-in in the kubeconfig";
		}
		boolean certManager = refusal.group(3) != null;
		String namespace = certManager ? "\n  namespace: " + refusal.group(4) : "";
		String verb = refusal.group(2);
		return message + "\n" + (certManager
				? "The user lacks the permission to %s certificate requests in namespace %s. To grant it, an administrator runs 'kubectl apply -f -' with:"
					.formatted(verb, refusal.group(4))
				: "The user lacks the permission to %s certificate signing requests. To grant it, an administrator runs 'kubectl apply -f -' with:"
					.formatted(verb))
				+ """

						apiVersion: rbac.authorization.k8s.io/v1
						kind: %1$s
						metadata:
						  name: %2$s%3$s
						rules:
						- apiGroups: ["%4$s"]
						  resources: ["%5$s"]
						  verbs: ["create", "get", "list", "watch"%6$s]
						---
						apiVersion: rbac.authorization.k8s.io/v1
						kind: %1$sBinding
						metadata:
						  name: %2$s%3$s
						roleRef:
						  apiGroup: rbac.authorization.k8s.io
						  kind: %1$s
						  name: %2$s
						subjects:
						%7$s""".formatted(certManager ? "Role" : "ClusterRole", name(user), namespace,
						certManager ? "cert-manager.io" : "certificates.k8s.io",
						certManager ? "certificaterequests" : "certificatesigningrequests",
						certManager ? ", \"delete\"" : "", subject(user));
	}

	/**
	 * Returns the name of the rule for a user. Namespaces contain no dots, so no two
	 * service accounts share a name; other users are distinguished by a hash.
	 */
	private static String name(String user) {
		Matcher account = SERVICE_ACCOUNT.matcher(user);
		if (account.matches() && user.length() <= MAXIMUM_LENGTH) {
			return "certificate-requester.%s.%s".formatted(account.group(1), account.group(2));
		}
		String readable = NOT_OF_A_NAME.matcher(user.toLowerCase(Locale.ROOT)).replaceAll("-");
		return "certificate-requester-%s-%08x"
			.formatted(readable.substring(0, Math.min(readable.length(), MAXIMUM_LENGTH)), user.hashCode())
			.replace("--", "-");
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
