package io.kubelet.cert.actuate;

import java.util.List;

import io.kubelet.cert.certificate.peers.SeenPeer;

import org.springframework.boot.actuate.endpoint.OperationResponseBody;

/**
 * The peers of one certificate, as the endpoint shows them.
 *
 * @param peers the peers, the one that was seen last first
 */
public record PeersDescriptor(List<SeenPeer> peers) implements OperationResponseBody {
}
