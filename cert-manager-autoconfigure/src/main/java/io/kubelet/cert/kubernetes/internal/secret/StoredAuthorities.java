package io.kubelet.cert.kubernetes.internal.secret;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Finds out which authorities that are stored with a pair count as those of its issuer.
 * Whoever can write to the store can add others.
 */
final class StoredAuthorities {

	private static final Logger logger = LoggerFactory.getLogger(StoredAuthorities.class);

	/** How many authorities are named in the log. */
	private static final int NAMED = 3;

	private final SharedCertificate certificate;

	private final Object place;

	private final Clock clock;

	/** Those that the log has reported last. */
	private List<X509Certificate> ignored = List.of();

	/**
	 * @param certificate the certificate
	 * @param place where the authorities are stored, for the log
	 */
	StoredAuthorities(SharedCertificate certificate, Object place, Clock clock) {
		this.certificate = certificate;
		this.place = place;
		this.clock = clock;
	}

	/**
	 * Returns a stored pair with its authorities. While a process uses it, nobody else
	 * changes those that it knows.
	 * @param kept the pair that is used
	 */
	CertificatePair add(CertificatePair pair, List<X509Certificate> stored, @Nullable CertificatePair kept) {
		CertificatePair counting = add(pair, stored);
		return (kept != null && kept.leaf().equals(pair.leaf()) && !kept.authorities().isEmpty())
				? pair.withAuthorities(kept.authorities()) : counting;
	}

	/** Returns a pair with those of some authorities that count. */
	CertificatePair add(CertificatePair pair, List<X509Certificate> stored) {
		List<X509Certificate> authorities = this.certificate.check().authoritiesOf(pair, stored, this.clock.instant());
		List<X509Certificate> ignored = stored.stream().filter((other) -> !authorities.contains(other)).toList();
		if (!ignored.isEmpty() && !ignored.equals(this.ignored)) {
			this.ignored = ignored;
			logger
				.warn("[{}] Authorities in ca.crt of {} are not trusted: {}{}. The chain of the certificate does not lead to "
						+ "them, or 'signer-ca-file' does not cover them. They are left there for other programs. If nobody "
						+ "should have added them, find out who can write to the Secret", this.certificate.name(),
						this.place,
						ignored.stream()
							.limit(NAMED)
							.map((authority) -> "'" + ExternalText.subject(authority) + "'")
							.collect(Collectors.joining(", ")),
						(ignored.size() > NAMED) ? " and %d more".formatted(ignored.size() - NAMED) : "");
		}
		return pair.withAuthorities(authorities);
	}

	/**
	 * Returns that no authority is stored although the bundle trusts that of the issuer,
	 * unless the issuer returned none, as one that uses ACME does.
	 * @param pair the pair with its authorities
	 */
	Optional<String> deficiency(@Nullable CertificatePair pair, SecretObject secret) {
		String issuer = this.certificate.trustedIssuer();
		return (!this.certificate.rotates() || issuer == null || pair == null || !pair.authorities().isEmpty()
				|| secret.isWithoutAuthority(pair, issuer))
						? Optional.empty()
						: Optional
							.of(this.place + " has no authority of the issuer in ca.crt, which 'ssl.trust: issuer' "
									+ "needs: a new certificate is requested with it");
	}

}
