package io.kubelet.cert.autoconfigure.addresses;

/**
 * The sources of addresses.
 */
public enum AddressSourceKind {

	/** Only those of the template. */
	FIXED,

	/** Those in the status of the Node object, watched through the API server. */
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
