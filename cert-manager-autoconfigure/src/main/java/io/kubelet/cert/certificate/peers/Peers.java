package io.kubelet.cert.certificate.peers;

import java.time.InstantSource;
import java.util.function.Consumer;

/**
 * The peers of an SSL bundle.
 *
 * @param rules which ones are accepted, which does not change
 * @param refused counts and logs the others
 * @param broken logs by which alerts peers refuse this application
 * @param seen those with which handshakes were completed
 */
public record Peers(PeerRules rules, RefusedPeers refused, BrokenConnections broken, SeenPeers seen) {

	/**
	 * Creates the peers of a bundle that has not seen any.
	 * @param rules which ones are accepted
	 * @param bundle the SSL bundle, for the log
	 * @param inAnHour runs a task in an hour
	 * @param clock tells when a peer is seen
	 */
	public Peers(PeerRules rules, Object bundle, Consumer<Runnable> inAnHour, InstantSource clock) {
		this(rules, new RefusedPeers(bundle, inAnHour), bundle, inAnHour, new SeenPeers(clock));
	}

	private Peers(PeerRules rules, RefusedPeers refused, Object bundle, Consumer<Runnable> inAnHour, SeenPeers seen) {
		this(rules, refused, new BrokenConnections(bundle, refused, inAnHour), seen);
	}

}
