package io.kubelet.cert.kubernetes.internal;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

import org.jspecify.annotations.Nullable;

/**
 * The commands that grant what a 403 forbids, ready to paste. They only create, so
 * pasting them does not affect the permissions of others.
 */
final class RbacAdvice {

	/** A user whose name could end the quotes of a shell gets no advice. */
	private static final Pattern FORBIDDEN = Pattern.compile("(?:[a-z.0-9]+ \"(?<name>[\\w.:-]+)\" is forbidden: )?"
			+ "User \"(?<user>[^\"'\\\\]+)\" cannot (?<verb>\\w+) resource \"(?<resource>\\w+)\" "
			+ "in API group \"(?<group>[\\w.-]*)\"(?: in the namespace \"(?<namespace>[\\w-]+)\")?");

	private RbacAdvice() {
	}

	/**
	 * Returns the verb that RBAC forbids.
	 * @param message the message of the response
	 * @return the verb, {@code null} if the failure is not about a permission
	 */
	static @Nullable String forbiddenVerb(String message) {
		Matcher forbidden = FORBIDDEN.matcher(message);
		return forbidden.find() ? forbidden.group("verb") : null;
	}

	/**
	 * Returns what to do about a failure.
	 * @param message the message of the response
	 * @return further lines for the message, empty if the failure is not about a
	 * permission
	 */
	static String on(String message) {
		Matcher forbidden = FORBIDDEN.matcher(message);
		if (!forbidden.find()) {
			return "";
		}
		String user = forbidden.group("user");
		if (user.equals("system:anonymous")) {
			return "\nNo credentials were sent: name a user with a token, a client certificate or a working "
					+ "exec plug-in in the kubeconfig";
		}
		String resource = forbidden.group("resource");
		String object = resource.startsWith("certificate") ? null : forbidden.group("name");
		String namespace = forbidden.group("namespace");
		String kind = (namespace != null) ? "role" : "clusterrole";
		String in = (namespace != null) ? " --namespace " + namespace : "";
		String group = forbidden.group("group").isEmpty() ? "" : "." + forbidden.group("group");
		String only = (object != null) ? " --resource-name=" + object : "";
		// With a prefix: a role of this name that exists might allow more
		String role = "kubelet-cert-" + resource + ((object != null) ? "-" + object : "");
		// For each user another name, which may contain all but these two
		String binding = (role + ":" + user).replaceAll("[/%]", "-");
		return """

				The user lacks the permission to %1$s %2$s%11$s. To grant it, an administrator runs:
				kubectl create %4$s %5$s%3$s --verb=%6$s --resource=%2$s%7$s%8$s
				kubectl create %4$sbinding '%9$s'%3$s --%4$s=%5$s --user='%10$s'""".formatted(forbidden.group("verb"),
				resource, in, kind, role, verbs(resource, object), group, only, binding, user,
				(resource.equals("certificaterequests") && forbidden.group("verb").equals("create"))
						? ", unless cert-manager is not installed" : "");
	}

	/** Only requests to cert-manager are deleted by the requester. */
	private static String verbs(String resource, @Nullable String object) {
		return switch (resource) {
			case "certificatesigningrequests" -> "create,list,watch";
			case "certificaterequests" -> "create,list,watch,delete";
			case "secrets" -> (object != null) ? "get,list,watch,update" : "create";
			default -> "list,watch";
		};
	}

}
