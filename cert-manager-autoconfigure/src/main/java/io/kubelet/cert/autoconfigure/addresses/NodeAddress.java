package io.kubelet.cert.autoconfigure.addresses;

import java.util.Optional;

/**
 * An address of a node, a pod or a host, as in {@code status.addresses} of a Node object.
 *
 * @param type what kind of address it is
 * @param address the address
 */
public record NodeAddress(Type type, String address) {

	/**
	 * The kinds of address. Whether it is reachable from outside the cluster makes no
	 * difference.
	 */
	public enum Type {

		/** The name of the host, or an IP address instead. */
		HOSTNAME,

		/** A DNS name. */
		DNS,

		/** An IP address. */
		IP;

		/**
		 * Finds a type by its name in the Kubernetes API.
		 * @param name the name
		 * @return the type, empty if it is unknown
		 */
		public static Optional<Type> of(String name) {
			return switch (name) {
				case "Hostname" -> Optional.of(HOSTNAME);
				case "InternalDNS", "ExternalDNS" -> Optional.of(DNS);
				case "InternalIP", "ExternalIP" -> Optional.of(IP);
				default -> Optional.empty();
			};
		}

	}

}
