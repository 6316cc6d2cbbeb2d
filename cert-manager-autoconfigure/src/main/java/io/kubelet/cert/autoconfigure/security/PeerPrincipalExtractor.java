package io.kubelet.cert.autoconfigure.security;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerIdentity;

import org.springframework.security.web.authentication.preauth.x509.X509PrincipalExtractor;

/**
 * The principal of a client is the name by which a server accepts it. Where a server
 * accepts each client of the trusted authorities, it is the first URI, DNS name or common
 * name. The fingerprint is the principal of a certificate without any of these, that
 * breaks a rule of SPIFFE, or that servers accept by different names, because nothing
 * says to which of them it was presented: Spring Security takes neither none nor an
 * exception.
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
		try {
			PeerIdentity peer = PeerIdentity.of(certificate);
			List<String> names = this.clients.stream()
				.flatMap((clients) -> (clients.isRestricted() ? clients.accepted(peer) : any(peer)).stream())
				.distinct()
				.toList();
			return (names.size() == 1) ? names.stream().filter(PeerPrincipalExtractor::isClean).findFirst()
					: Optional.empty();
		}
		catch (IllegalArgumentException ex) {
			return Optional.empty();
		}
	}

	/** Whoever logs a principal shows it as it is. */
	private static boolean isClean(String name) {
		return ExternalText.clean(name).equals(name);
	}

	/**
	 * Each URI has a colon, so nothing else with a colon counts: it could be taken for a
	 * URI. A name with a wildcard identifies no peer.
	 */
	private static Optional<String> any(PeerIdentity peer) {
		return Stream
			.concat(peer.uris().stream(),
					Stream.concat(peer.dnsNames().stream(), Stream.ofNullable(peer.commonName()))
						.filter((name) -> !name.isBlank() && !name.contains(":") && !name.contains("*")))
			.findFirst();
	}

}
