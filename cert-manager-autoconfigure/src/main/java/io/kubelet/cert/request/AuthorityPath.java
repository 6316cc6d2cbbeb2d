package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertPathValidatorException;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateChain;
import io.kubelet.cert.certificate.ExternalText;
import org.jspecify.annotations.Nullable;

/**
 * Finds the path from an issued certificate to one of the authorities that may sign. As
 * in Go, the certificates after the leaf may be in any order and more than are needed.
 * The builder of the JDK has no limit for such a search, so this one finds the path by
 * itself and has the JDK validate it.
 */
final class AuthorityPath {

	private static final int MAXIMUM_CHECKS = 200;

	private final List<X509Certificate> chain;

	private final Collection<X509Certificate> authorities;

	private int checks;

	/**
	 * Creates a search, which verifies at most 200 signatures.
	 * @param chain the chain as issued, leaf first
	 * @param authorities the certificates of the authorities
	 */
	AuthorityPath(List<X509Certificate> chain, Collection<X509Certificate> authorities) {
		this.chain = chain;
		this.authorities = authorities;
	}

	/**
	 * Returns the chain with the certificates of the path first, so that they are
	 * preferred to others for the same issuer.
	 * <p>
	 * The path must be valid now, whenever the leaf begins: Kubernetes signers date a
	 * leaf back by five minutes, which may be before its issuer began. If the signer's
	 * clock is ahead, the path may also be valid only within the clock skew from now.
	 * @param now the current time
	 * @param clockSkew by how much the signer's clock may be ahead
	 * @return the sorted chain, empty if there is no path
	 */
	Optional<List<X509Certificate>> find(Instant now, Duration clockSkew) {
		Instant begin = all().map((certificate) -> certificate.getNotBefore().toInstant())
			.filter((notBefore) -> !notBefore.isAfter(now.plus(clockSkew)))
			.max(Instant::compareTo)
			.orElse(now);
		return valid(now).or(() -> begin.isAfter(now) ? valid(begin) : Optional.empty());
	}

	/**
	 * Returns what a user needs to know where there is no path.
	 * @param now the current time
	 * @return the certificates that make the path invalid at this time only, otherwise
	 * the authorities
	 */
	String problem(Instant now) {
		return outdated(now).orElseGet(() -> "its chain does not lead to a configured authority (%s)%s".formatted(
				ExternalText.clean(this.authorities.stream().map(ExternalText::subject).toList().toString()),
				(this.checks > MAXIMUM_CHECKS)
						? "; the search was ended after %d signature checks".formatted(MAXIMUM_CHECKS) : ""));
	}

	/**
	 * Returns which certificates have expired or are not valid yet, if there is a path
	 * whose signatures are right.
	 * @param now the current time
	 * @return the certificates, empty if there is no such path, or if all are valid
	 */
	Optional<String> outdated(Instant now) {
		List<X509Certificate> path = new ArrayList<>(List.of(this.chain.get(0)));
		if (all().skip(1).allMatch((other) -> isValid(other, now)) || !leadsToAuthority(path, null)) {
			return Optional.empty();
		}
		String outdated = path.stream()
			.skip(1)
			.filter((authority) -> !isValid(authority, now))
			.map((authority) -> "the authority '%s' %s".formatted(ExternalText.subject(authority),
					now.isAfter(authority.getNotAfter().toInstant())
							? "expired at " + authority.getNotAfter().toInstant()
							: "is not valid before " + authority.getNotBefore().toInstant()))
			.collect(Collectors.joining(", "));
		return outdated.isEmpty() ? Optional.empty() : Optional
			.of(ExternalText.clean(outdated + ", and it is " + now.truncatedTo(ChronoUnit.SECONDS) + " here"));
	}

	private Optional<List<X509Certificate>> valid(Instant at) {
		List<X509Certificate> path = new ArrayList<>(List.of(this.chain.get(0)));
		return leadsToAuthority(path, at) ? Optional
			.of(Stream.concat(path.subList(0, path.size() - 1).stream(), this.chain.stream()).distinct().toList())
				: Optional.empty();
	}

	/**
	 * Extends a path by others and an authority, or leaves it as it was if it leads to
	 * none. Without a time, only names and signatures count.
	 */
	private boolean leadsToAuthority(List<X509Certificate> path, @Nullable Instant at) {
		X509Certificate last = path.get(path.size() - 1);
		for (X509Certificate authority : this.authorities) {
			if (CertificateChain.isNamedAsIssuer(authority, last) && isValid(authority, at) && mayCheck(path.size())
					&& ((at != null) ? isValidated(path, authority, at)
							: CertificateChain.isSignedBy(last, authority))) {
				path.add(authority);
				return true;
			}
		}
		for (X509Certificate candidate : this.chain) {
			if (CertificateChain.isNamedAsIssuer(candidate, last) && isValid(candidate, at) && !path.contains(candidate)
					&& mayCheck(1) && CertificateChain.isSignedBy(last, candidate)) {
				path.add(candidate);
				if (leadsToAuthority(path, at)) {
					return true;
				}
				path.remove(path.size() - 1);
			}
		}
		return false;
	}

	private boolean mayCheck(int signatures) {
		this.checks += signatures;
		return this.checks <= MAXIMUM_CHECKS;
	}

	private static boolean isValidated(List<X509Certificate> path, X509Certificate authority, Instant at) {
		try {
			PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(authority, null)));
			parameters.setRevocationEnabled(false);
			parameters.setDate(Date.from(at));
			// Policies that are mapped to each other multiply with each certificate
			parameters.setPolicyMappingInhibited(true);
			CertPathValidator.getInstance("PKIX")
				.validate(CertificateFactory.getInstance("X.509").generateCertPath(path), parameters);
			return true;
		}
		catch (CertPathValidatorException ex) {
			return false;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK cannot validate certification paths", ex);
		}
	}

	private Stream<X509Certificate> all() {
		return Stream.concat(this.chain.stream(), this.authorities.stream());
	}

	private static boolean isValid(X509Certificate certificate, @Nullable Instant at) {
		return at == null || (!at.isBefore(certificate.getNotBefore().toInstant())
				&& !at.isAfter(certificate.getNotAfter().toInstant()));
	}

}
