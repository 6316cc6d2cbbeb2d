package io.kubelet.cert.certificate.peers;

/**
 * Which peers an SSL bundle accepts.
 *
 * @param clients the clients that a server accepts
 * @param servers the servers that a client accepts; if they are restricted, whatever
 * their address
 */
public record PeerRules(AcceptedPeers clients, AcceptedPeers servers) {

	/** Accepts each client, and each server at its address. */
	public static final PeerRules NONE = new PeerRules(AcceptedPeers.everyone(), AcceptedPeers.everyone());

	/**
	 * Returns which peers of a role are accepted.
	 * @param role the role
	 * @return what accepts them
	 */
	public AcceptedPeers of(PeerRole role) {
		return (role == PeerRole.CLIENT) ? this.clients : this.servers;
	}

	/**
	 * Returns whether there is a rule.
	 * @return whether clients or servers are restricted
	 */
	public boolean isRestricted() {
		return this.clients.isRestricted() || this.servers.isRestricted();
	}

}
