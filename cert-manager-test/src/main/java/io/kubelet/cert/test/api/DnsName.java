package io.kubelet.cert.test.api;

import java.util.regex.Pattern;

/**
 * The forms of names that DNS allows, and the API server's words for those it does not.
 */
public final class DnsName {

	private static final Pattern LABEL = Pattern.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?");

	private static final Pattern SUBDOMAIN = Pattern
		.compile("[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*");

	public static final String NO_LABEL = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or "
			+ "'-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used "
			+ "for validation is '" + LABEL + "')";

	public static final String NO_SUBDOMAIN = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric "
			+ "characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', "
			+ "regex used for validation is '" + SUBDOMAIN + "')";

	private DnsName() {
	}

	public static boolean isLabel(String name) {
		return name.length() <= 63 && LABEL.matcher(name).matches();
	}

	public static boolean isSubdomain(String name) {
		return name.length() <= 253 && SUBDOMAIN.matcher(name).matches();
	}

}
