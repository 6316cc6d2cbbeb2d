package io.kubelet.cert.kubernetes.internal.secret;

import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.request.IssuedCertificateCheck;
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
	 * Returns a stored pair with its authorities. While a process uses it, no other one
	 * changes those that it knows.
	 * @param kept the pair that is used
	 */
	CertificatePair add(CertificatePair pair, List<X509Certificate> stored, @Nullable CertificatePair kept) {
		List<X509Certificate> counting = counting(pair, stored);
		report(stored, counting);
		return pair.withAuthorities((kept != null && kept.leaf().equals(pair.leaf()) && !kept.authorities().isEmpty())
				? kept.authorities() : counting);
	}

	/** Returns a pair with those of its authorities that count. */
	CertificatePair counting(CertificatePair pair) {
		return pair.withAuthorities(counting(pair, pair.authorities()));
	}

	private List<X509Certificate> counting(CertificatePair pair, List<X509Certificate> authorities) {
		return this.certificate.check().authoritiesOf(pair, authorities, this.clock.instant());
	}

	private void report(List<X509Certificate> stored, List<X509Certificate> authorities) {
		List<X509Certificate> ignored = stored.stream().filter((other) -> !authorities.contains(other)).toList();
		if (!ignored.isEmpty() && !ignored.equals(this.ignored)) {
			this.ignored = ignored;
			logger
				.warn("[{}] Authorities in ca.crt of {} are not trusted: {}{}. The chain of the certificate does not lead to "
						+ "them, or 'signer-ca-file' contains neither them nor an authority above them. They are left there for other programs. If nobody "
						+ "should have added them, find out who can write to the Secret", this.certificate.name(),
						this.place,
						ignored.stream()
							.limit(NAMED)
							.map((authority) -> "'" + ExternalText.subject(authority) + "'")
							.collect(Collectors.joining(", ")),
						(ignored.size() > NAMED) ? " and %d more".formatted(ignored.size() - NAMED) : "");
		}
	}

	/**
	 * Returns the authorities that leave a Secret with the pairs that another one
	 * replaces, whether or not {@code signer-ca-file} contains them still. One to which
	 * the other pair leads, too, may be there for other programs.
	 */
	Set<X509Certificate> leaving(SecretObject secret, @Nullable CertificatePair after,
			@Nullable CertificatePair... before) {
		List<X509Certificate> remaining = above(after, secret);
		return Stream.of(before)
			.filter(Objects::nonNull)
			.flatMap((pair) -> Stream.concat(pair.authorities().stream(),
					above(pair, secret).stream().filter((authority) -> !remaining.contains(authority))))
			.collect(Collectors.toSet());
	}

	private List<X509Certificate> above(@Nullable CertificatePair pair, SecretObject secret) {
		return (pair != null) ? IssuedCertificateCheck.ofAnyAuthority()
			.authoritiesOf(pair, secret.authorities(), this.clock.instant()) : List.of();
	}

	/**
	 * Returns the authorities that rotations have replaced within the overlap, and when.
	 * Nothing but {@code signer-ca-file} tells them from those that others have added.
	 */
	Map<X509Certificate, Instant> replaced(SecretObject secret) {
		return counting(ReplacedAuthorities.in(secret));
	}

	/**
	 * Returns a Secret that also says which authorities a pair replaces.
	 * @param before the pair that was used, {@code null} if there was none
	 */
	SecretObject replace(SecretObject secret, @Nullable CertificatePair before, CertificatePair after) {
		if (this.certificate.trustedIssuer() == null) {
			return secret;
		}
		Map<X509Certificate, Instant> replaced = new LinkedHashMap<>();
		if (before != null) {
			Instant now = this.clock.instant().truncatedTo(ChronoUnit.SECONDS);
			before.authorities().forEach((authority) -> replaced.put(authority, now));
		}
		ReplacedAuthorities.in(secret).forEach(replaced::putIfAbsent);
		replaced.keySet().removeAll(after.authorities());
		return ReplacedAuthorities.write(secret, counting(replaced));
	}

	/** A time in the future would make the overlap longer. */
	private Map<X509Certificate, Instant> counting(Map<X509Certificate, Instant> replaced) {
		Instant now = this.clock.instant();
		replaced.replaceAll((authority, at) -> at.isAfter(now) ? now : at);
		replaced.values().removeIf((at) -> !now.isBefore(at.plus(this.certificate.overlap())));
		replaced.keySet().retainAll(this.certificate.check().named(replaced.keySet(), now));
		return replaced;
	}

	/**
	 * Returns that no authority is stored although the bundle trusts that of the issuer,
	 * unless the issuer returned none, as one that uses ACME does; {@code null}
	 * otherwise.
	 * @param pair the pair with its authorities
	 */
	@Nullable String deficiency(@Nullable CertificatePair pair, SecretObject secret) {
		String issuer = this.certificate.trustedIssuer();
		return (!this.certificate.rotates() || issuer == null || pair == null || !pair.authorities().isEmpty()
				|| secret.isWithoutAuthority(pair, issuer)) ? null
						: this.place + " has no authority of the issuer in ca.crt, which 'ssl.trust: issuer' "
								+ "needs: a new certificate is requested with it";
	}

}
