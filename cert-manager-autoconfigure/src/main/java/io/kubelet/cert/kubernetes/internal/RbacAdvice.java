package io.kubelet.cert.kubernetes.internal;

import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * The RBAC rule that grants what a 403 refuses, ready to paste. Each user, and each
 * object that is named, has a separate rule and binding, so pasting one does not affect
 * another.
 */
final class RbacAdvice {

	/** The user is quoted as in Go, which YAML reads as well. */
	private static final Pattern REFUSAL = Pattern.compile("(?:[a-z.0-9]+ \"(?<name>[^\"]+)\" is forbidden: )?"
			+ "User \"(?<user>(?:[^\"\\\\]|\\\\.)+)\" cannot (?<verb>\\w+) resource \"(?<resource>\\w+)\" "
			+ "in API group \"(?<group>[\\w.-]*)\"(?: in the namespace \"(?<namespace>[^\"]+)\")?");

	private static final Pattern SERVICE_ACCOUNT = Pattern.compile("system:serviceaccount:([^:]+):([^:]+)");

	/** Characters that a name in Kubernetes must not contain (RFC 1123). */
	private static final Pattern NOT_OF_A_NAME = Pattern.compile("[^a-z0-9]+");

	private RbacAdvice() {
	}

	/**
	 * Returns what to do about a refusal.
	 * @param message the message of the answer
	 * @return further lines for the message, empty if the refusal is not about a
	 * permission
	 */
	static String on(String message) {
		Matcher refusal = REFUSAL.matcher(message);
		if (!refusal.find()) {
			return "";
		}
		String user = refusal.group("user");
		if (user.equals("system:anonymous")) {
			return "\nNo credentials were sent: name a user with a token, a client certificate or a working "
					+ "exec plug-in in the kubeconfig";
		}
		String resource = refusal.group("resource");
		boolean requests = resource.startsWith("certificate");
		String object = requests ? null : refusal.group("name");
		String namespace = refusal.group("namespace");
		return "\n"
				+ """
						The user lacks the permission to %1$s %2$s. To grant it, an administrator runs 'kubectl apply -f -' with:
						apiVersion: rbac.authorization.k8s.io/v1
						kind: %3$sRole
						metadata:
						  name: %4$s%5$s
						rules:
						- apiGroups: ["%6$s"]
						  resources: ["%7$s"]
						%8$s  verbs: [%9$s]
						---
						apiVersion: rbac.authorization.k8s.io/v1
						kind: %3$sRoleBinding
						metadata:
						  name: %4$s%5$s
						roleRef:
						  apiGroup: rbac.authorization.k8s.io
						  kind: %3$sRole
						  name: %4$s
						subjects:
						%10$s"""
					.formatted(refusal.group("verb"), inWords(resource, object, namespace),
							(namespace != null) ? "" : "Cluster", name(purpose(resource, object), user, object),
							(namespace != null) ? "\n  namespace: " + namespace : "", refusal.group("group"), resource,
							(object != null) ? "  resourceNames: [\"" + object + "\"]\n" : "", verbs(resource, object),
							subject(user));
	}

	/** No object is named if it cannot be created. */
	private static String purpose(String resource, @Nullable String object) {
		return resource.startsWith("certificate") ? "certificate-requester" : !resource.equals("secrets")
				? resource + "-reader" : (object != null) ? "secrets-user" : "secrets-creator";
	}

	/** Only requests to cert-manager are deleted by the requester. */
	private static String verbs(String resource, @Nullable String object) {
		return switch (resource) {
			case "certificatesigningrequests" -> "\"create\", \"list\", \"watch\"";
			case "certificaterequests" -> "\"create\", \"list\", \"watch\", \"delete\"";
			case "secrets" -> (object != null) ? "\"get\", \"list\", \"watch\", \"update\"" : "\"create\"";
			default -> "\"list\", \"watch\"";
		};
	}

	private static String inWords(String resource, @Nullable String object, @Nullable String namespace) {
		String what = switch (resource) {
			case "certificatesigningrequests" -> "certificate signing requests";
			case "certificaterequests" -> "certificate requests";
			default -> resource + ((object != null) ? " " + object : "");
		};
		return what + ((namespace != null) ? " in namespace " + namespace : "");
	}

	/**
	 * Returns the name of the rule for a user. Namespaces contain no dots, so no two
	 * service accounts share a name; other users are distinguished by a hash.
	 */
	private static String name(String purpose, String user, @Nullable String object) {
		String suffix = (object != null) ? "." + NOT_OF_A_NAME.matcher(object).replaceAll("-") : "";
		Matcher account = SERVICE_ACCOUNT.matcher(user);
		if (account.matches()) {
			return "%s.%s.%s%s".formatted(purpose, account.group(1), account.group(2), suffix);
		}
		String readable = NOT_OF_A_NAME.matcher(user.toLowerCase(Locale.ROOT)).replaceAll("-");
		return "%s-%s-%08x%s".formatted(purpose, readable, user.hashCode(), suffix).replace("--", "-");
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
