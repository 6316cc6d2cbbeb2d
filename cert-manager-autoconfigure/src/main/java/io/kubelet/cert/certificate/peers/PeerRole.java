package io.kubelet.cert.certificate.peers;

/**
 * What a peer is.
 */
public enum PeerRole {

	/** It connects to a server of this application. */
	CLIENT("ssl.accepted-clients"),

	/** A client of this application connects to it. */
	SERVER("ssl.accepted-servers");

	private final String property;

	PeerRole(String property) {
		this.property = property;
	}

	/**
	 * Returns the property that lists the accepted peers, without its prefix.
	 * @return the group of properties
	 */
	public String property() {
		return this.property;
	}

}
