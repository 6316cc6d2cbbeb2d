package io.kubelet.cert.autoconfigure.settings;

import org.jspecify.annotations.Nullable;

import org.springframework.core.env.Environment;

/**
 * Whether servers ask their clients for certificates. If one does not, it checks nobody.
 */
public final class ClientAuthentication {

	private ClientAuthentication() {
	}

	/**
	 * Returns another property for the TLS of a server.
	 * @param bundle the property by which it uses an SSL bundle
	 * @param name the name of the other one, such as {@code client-auth}
	 * @return the property
	 */
	public static String property(String bundle, String name) {
		return bundle.substring(0, bundle.indexOf("ssl.")) + "ssl." + name;
	}

	/**
	 * Returns whether a server asks for certificates.
	 * @param bundle the property by which it uses an SSL bundle
	 * @param environment the environment
	 * @return whether it does
	 */
	public static boolean isAsked(String bundle, Environment environment) {
		return isAsked(environment.getProperty(property(bundle, "client-auth")));
	}

	/**
	 * Returns whether a server asks for certificates. The names of the values that do
	 * depend on the server.
	 * @param clientAuth the value of the property, or what code has set in its place
	 * @return whether it does
	 */
	public static boolean isAsked(@Nullable Object clientAuth) {
		return clientAuth != null && !clientAuth.toString().isBlank()
				&& !clientAuth.toString().equalsIgnoreCase("none");
	}

}
