package io.kubelet.cert.autoconfigure.security;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerIdentity;

import org.springframework.security.web.authentication.preauth.x509.X509PrincipalExtractor;

/**
 * The principal of a client is the name by which a server accepts it. Where servers
 * accept each client of the trusted authorities, it is the first URI, DNS name or common
 * name. A certificate without any of these, or that breaks a rule of SPIFFE, has its
 * fingerprint as the principal: Spring Security takes neither none nor an exception.
 */
final class PeerPrincipalExtractor implements X509PrincipalExtractor {

	private final List<AcceptedPeers> clients;

	/**
	 * @param clients which clients the servers of the application accept
	 */
	PeerPrincipalExtractor(List<AcceptedPeers> clients) {
		this.clients = clients;
	}

	@Override
	public Object extractPrincipal(X509Certificate certificate) {
		return name(certificate).orElseGet(() -> CertificateNames.fingerprint(certificate));
	}

	private Optional<String> name(X509Certificate certificate) {
		PeerIdentity peer;
		try {
			peer = PeerIdentity.of(certificate);
		}
		catch (IllegalArgumentException ex) {
			return Optional.empty();
		}
		Optional<String> accepted = this.clients.stream()
			.filter(AcceptedPeers::isRestricted)
			.flatMap((clients) -> clients.accepted(peer).stream())
			.findFirst();
		return (accepted.isPresent() || this.clients.stream().allMatch(AcceptedPeers::isRestricted)) ? accepted
				: any(peer);
	}

	/**
	 * Each URI has a colon, so nothing else with a colon counts: it could be taken for a
	 * URI. A name with a wildcard identifies no peer.
	 */
	private static Optional<String> any(PeerIdentity peer) {
		return Stream
			.concat(peer.uris().stream(),
					Stream
						.concat(peer.dnsNames().stream().filter((name) -> !name.contains("*")),
								Stream.ofNullable(peer.commonName()))
						.filter((name) -> !name.isBlank() && !name.contains(":")))
			.findFirst();
	}

}
