package io.kubelet.cert.autoconfigure.addresses;

import java.util.Arrays;
import java.util.Optional;

/**
 * An address of a node, a pod or a host, as in {@code status.addresses} of a Node object.
 *
 * @param type what kind of address it is
 * @param address the address
 */
record NodeAddress(Type type, String address) {

	/**
	 * The kinds of address in Kubernetes.
	 */
	public enum Type {

		/** The name of the host, or an IP address instead. */
		HOSTNAME("Hostname"),

		/** A DNS name inside the cluster. */
		INTERNAL_DNS("InternalDNS"),

		/** A DNS name outside the cluster. */
		EXTERNAL_DNS("ExternalDNS"),

		/** An IP address inside the cluster. */
		INTERNAL_IP("InternalIP"),

		/** An IP address outside the cluster. */
		EXTERNAL_IP("ExternalIP");

		private final String value;

		Type(String value) {
			this.value = value;
		}

		/**
		 * Finds a type by its name in the Kubernetes API.
		 * @param value the name, such as {@code InternalIP}
		 * @return the type, empty if it is unknown
		 */
		public static Optional<Type> of(String value) {
			return Arrays.stream(values()).filter((type) -> type.value.equals(value)).findFirst();
		}

	}

}
