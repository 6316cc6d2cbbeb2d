package io.kubelet.cert.kubernetes.node;

import java.util.Arrays;
import java.util.Optional;

/**
 * An address under which a node, a pod or a host can be reached, as a Node object has it
 * in {@code status.addresses}.
 *
 * @param type what kind of address it is
 * @param address the address
 */
public record NodeAddress(Type type, String address) {

	/**
	 * The kinds of address that Kubernetes knows.
	 */
	public enum Type {

		/** The host's name, or an IP address in place of one. */
		HOSTNAME("Hostname"),

		/** A DNS name inside the cluster. */
		INTERNAL_DNS("InternalDNS"),

		/** A DNS name outside of it. */
		EXTERNAL_DNS("ExternalDNS"),

		/** An IP address inside the cluster. */
		INTERNAL_IP("InternalIP"),

		/** An IP address outside of it. */
		EXTERNAL_IP("ExternalIP");

		private final String value;

		Type(String value) {
			this.value = value;
		}

		/**
		 * Find a type by the name it has in the Kubernetes API.
		 * @param value the name, such as {@code InternalIP}
		 * @return the type; empty if it is one that is not known here
		 */
		public static Optional<Type> of(String value) {
			return Arrays.stream(values()).filter((type) -> type.value.equals(value)).findFirst();
		}

	}

}
