package io.kubelet.cert.certificate.peers;

/**
 * The peers of an SSL bundle.
 *
 * @param rules which ones are accepted, which does not change
 * @param refused counts and logs the others
 */
public record Peers(PeerRules rules, RefusedPeers refused) {
}
