package io.kubelet.cert.certificate.peers;

/**
 * What a peer is.
 */
public enum PeerRole {

	/** It connects to a server of this application. */
	CLIENT,

	/** A client of this application connects to it. */
	SERVER

}
