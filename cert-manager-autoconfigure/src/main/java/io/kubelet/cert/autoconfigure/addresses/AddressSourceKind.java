package io.kubelet.cert.autoconfigure.addresses;

/**
 * The sources of addresses.
 */
public enum AddressSourceKind {

	/** There are only those of the template. */
	FIXED,

	/** They are in the status of the Node object, which is watched. */
	NODE,

	/**
	 * Those in POD_IP, POD_IPS and POD_NAME, which the pod's manifest sets by the
	 * downward API. Without the first two, those of the network interfaces.
	 */
	POD,

	/**
	 * Those of the network interfaces, without loopback and link-local ones, and the node
	 * name.
	 */
	INTERFACES

}
