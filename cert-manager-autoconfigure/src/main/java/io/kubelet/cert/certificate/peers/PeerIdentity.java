package io.kubelet.cert.certificate.peers;

import java.security.cert.CertificateParsingException;
import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Locale;
import java.util.Map;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;

/**
 * The names in the certificate of a peer. They say who the peer is only if a TLS
 * handshake has verified the certificate.
 *
 * @param uris the URIs, as they are in the certificate
 * @param dnsNames the DNS names in lower case; a name with a wildcard identifies no peer
 * @param commonName the common name of the subject, {@code null} if it has none or
 * several
 */
public record PeerIdentity(List<String> uris, List<String> dnsNames, @Nullable String commonName) {

	/** The types of alternative names (RFC 5280, 4.2.1.6). */
	private static final int DNS_NAME = 2;

	private static final int URI = 6;

	public PeerIdentity {
		uris = List.copyOf(uris);
		dnsNames = List.copyOf(dnsNames);
	}

	/**
	 * Reads the names in a certificate. One with a SPIFFE ID complies with the rules of
	 * SPIFFE: exactly one URI, with a path and without percent-encoding; no authority;
	 * the key usage contains digital signature, and neither cert sign nor CRL sign.
	 * @param certificate the certificate, the first of the chain that the peer presented
	 * @return the names
	 * @throws IllegalArgumentException if the JDK cannot read them, or if there is a
	 * SPIFFE ID and a rule is broken
	 */
	public static PeerIdentity of(X509Certificate certificate) {
		List<String> uris;
		List<String> dnsNames;
		try {
			Map<Integer, List<String>> names = CertificateNames.alternativeNames(certificate);
			uris = names.getOrDefault(URI, List.of());
			dnsNames = names.getOrDefault(DNS_NAME, List.of());
		}
		catch (CertificateParsingException ex) {
			throw new IllegalArgumentException(
					"The names in the certificate '%s' cannot be read".formatted(ExternalText.subject(certificate)),
					ex);
		}
		if (uris.stream().anyMatch(SpiffeId::isClaimedBy)) {
			String objection = SpiffeId.objection(certificate, uris);
			if (objection != null) {
				throw new IllegalArgumentException(
						"The certificate with the URI '%s' breaks a rule of SPIFFE for certificates: %s"
							.formatted(ExternalText.clean(uris.get(0)), objection));
			}
		}
		List<String> commonNames = CertificateNames.subject(certificate).getOrDefault("CN", List.of());
		return new PeerIdentity(uris, dnsNames.stream().map((name) -> name.toLowerCase(Locale.ROOT)).toList(),
				(commonNames.size() == 1) ? commonNames.get(0) : null);
	}

	/**
	 * Returns the URI.
	 * @return the URI, {@code null} if there is none or if there are several
	 */
	public @Nullable String uri() {
		return (this.uris.size() == 1) ? this.uris.get(0) : null;
	}

}
