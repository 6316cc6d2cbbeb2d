/**
 * Which peers are accepted, by the names in their certificates. Internal, except for
 * {@link io.kubelet.cert.certificate.peers.PeerIdentity} and
 * {@link io.kubelet.cert.certificate.peers.SeenPeer}.
 */
@NullMarked
package io.kubelet.cert.certificate.peers;

import org.jspecify.annotations.NullMarked;
