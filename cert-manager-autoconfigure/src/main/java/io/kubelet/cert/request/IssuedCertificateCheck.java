package io.kubelet.cert.request;

import java.io.IOException;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.security.spec.PSSParameterSpec;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateChain;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import org.jspecify.annotations.Nullable;

/**
 * Compares an issued certificate with its request. The API server checks none of this.
 */
public final class IssuedCertificateCheck {

	private static final String CLOCK = ": the clock of this machine, or that of the signer, is wrong";

	private static final IssuedCertificateCheck ANY_AUTHORITY = new IssuedCertificateCheck(null);

	private final @Nullable Supplier<? extends Collection<X509Certificate>> authorities;

	private IssuedCertificateCheck(@Nullable Supplier<? extends Collection<X509Certificate>> authorities) {
		this.authorities = authorities;
	}

	/**
	 * Returns a check that accepts the certificates of all authorities. It verifies no
	 * signature: every signer that the API server permits is trusted.
	 * @return the check
	 */
	public static IssuedCertificateCheck ofAnyAuthority() {
		return ANY_AUTHORITY;
	}

	/**
	 * Returns a check that accepts a certificate only if its chain leads to one of these
	 * authorities. Without any authority it accepts none.
	 * @param authorities the certificates of the authorities, obtained for each check
	 * @return the check
	 */
	public static IssuedCertificateCheck ofAuthorities(Supplier<? extends Collection<X509Certificate>> authorities) {
		return new IssuedCertificateCheck(authorities);
	}

	/**
	 * Checks a chain and reduces it to the leaf and one path. If it came with
	 * authorities, its path must also lead to one of them.
	 * @param chain the chain as issued: the leaf, then other certificates in any order
	 * @param pending the request that it answers
	 * @param reported the authorities that the signer reported, empty if it reported none
	 * @param now the current time
	 * @return the new pair, with the authorities that were reported
	 * @throws RequestException if the chain is not what was requested, with every
	 * difference, or was not issued by a reported authority
	 */
	public CertificatePair check(List<X509Certificate> chain, PendingRequest pending, List<X509Certificate> reported,
			Instant now) {
		CertificateRequest request = pending.request();
		List<String> problems = chain.isEmpty() ? List.of("there is no certificate in it")
				: CertificateChain.problem(chain, reported)
					.map(List::of)
					.orElseGet(() -> problems(chain.get(0), request, now));
		if (!problems.isEmpty()) {
			throw refused(request, problems);
		}
		CertificatePair pair = CertificatePair.of(
				(this.authorities == null) ? chain : path(chain, this.authorities.get(), request, "", now),
				pending.keys());
		if (!reported.isEmpty()) {
			path(chain, reported, request, "the authority that came with it did not issue it: ", now);
		}
		return pair.withAuthorities(reported);
	}

	/**
	 * Checks the issuer of a pair that somebody else has requested and stored. That an
	 * authority has expired since it issued the certificate is no problem.
	 * @param pair the pair
	 * @param now the current time
	 * @return why no authority that is accepted has issued it, empty if one has
	 */
	public Optional<String> issuerProblem(CertificatePair pair, Instant now) {
		if (this.authorities == null) {
			return Optional.empty();
		}
		AuthorityPath path = new AuthorityPath(pair.chain(), this.authorities.get());
		return hasLed(path, pair, now) ? Optional.empty() : Optional.of(path.problem(now));
	}

	/** Whether a path is valid, or was when the certificate was issued. */
	private static boolean hasLed(AuthorityPath path, CertificatePair pair, Instant now) {
		Duration skew = CertificatePair.CLOCK_SKEW;
		Instant issued = pair.notBefore().plus(skew);
		Instant valid = issued.isBefore(pair.notAfter()) ? issued : pair.notAfter();
		return Stream.of(now, valid).anyMatch((at) -> path.find(at, skew).isPresent());
	}

	/**
	 * Returns which of the authorities that somebody else has stored with a pair count as
	 * those of its issuer: the chain leads to them, and they are authorities that are
	 * accepted or lead to one. Others may have been added, so that peers with their
	 * certificates are trusted.
	 * @param pair the pair
	 * @param stored the authorities that are stored with it, any number
	 * @param now the current time
	 * @return the authorities that count, at most 20
	 */
	public List<X509Certificate> authoritiesOf(CertificatePair pair, List<X509Certificate> stored, Instant now) {
		Collection<X509Certificate> accepted = (this.authorities != null) ? this.authorities.get() : null;
		List<X509Certificate> authorities = stored.stream()
			.distinct()
			.filter((authority) -> isNamedInChain(authority, pair))
			.filter((authority) -> CertificateChain.problem(List.of(), List.of(authority)).isEmpty())
			.limit(CertificateChain.MAXIMUM_CERTIFICATES)
			.filter((authority) -> hasLed(new AuthorityPath(pair.chain(), List.of(authority)), pair, now))
			.filter((authority) -> accepted == null || accepted.contains(authority)
					|| hasLed(new AuthorityPath(List.of(authority), accepted), pair, now))
			.toList();
		return CertificateChain.problem(List.of(), authorities).isEmpty() ? authorities : List.of();
	}

	/**
	 * Returns which of some authorities that somebody else has stored, without a
	 * certificate that they have issued, are among those that are accepted or lead to
	 * one. If all are accepted, nothing tells whether somebody has added them.
	 * @param stored the authorities
	 * @param now the current time
	 * @return the authorities that are accepted by name
	 */
	public List<X509Certificate> named(Collection<X509Certificate> stored, Instant now) {
		Collection<X509Certificate> accepted = (this.authorities != null) ? this.authorities.get() : List.of();
		return stored.stream()
			.filter((authority) -> CertificateChain.problem(List.of(), List.of(authority)).isEmpty())
			.filter((authority) -> accepted.contains(authority) || (authority.getBasicConstraints() != -1
					&& new AuthorityPath(List.of(authority), accepted).find(now, CertificatePair.CLOCK_SKEW)
						.isPresent()))
			.toList();
	}

	private static boolean isNamedInChain(X509Certificate authority, CertificatePair pair) {
		return pair.chain()
			.stream()
			.anyMatch((certificate) -> CertificateChain.isNamedAsIssuer(authority, certificate));
	}

	/**
	 * Returns whether a pair was issued by one of some authorities, and its path is valid
	 * at a time.
	 * @param pair the pair
	 * @param authorities the certificates of the authorities
	 * @param now the time
	 * @return {@code true} if there is a path
	 */
	public static boolean leadsToAny(CertificatePair pair, Collection<X509Certificate> authorities, Instant now) {
		return new AuthorityPath(pair.chain(), authorities).find(now, Duration.ZERO).isPresent();
	}

	/**
	 * Returns which authorities have expired or are not valid yet, if a pair leads to one
	 * of them only at another time.
	 * @param pair the pair
	 * @param authorities the certificates of the authorities
	 * @param now the time
	 * @return a clause with the authorities, empty if the pair leads to none
	 */
	public static Optional<String> outdated(CertificatePair pair, Collection<X509Certificate> authorities,
			Instant now) {
		return new AuthorityPath(pair.chain(), authorities).outdated(now);
	}

	private static List<X509Certificate> path(List<X509Certificate> chain, Collection<X509Certificate> authorities,
			CertificateRequest request, String meaning, Instant now) {
		AuthorityPath path = new AuthorityPath(chain, authorities);
		return path.find(now, CertificatePair.CLOCK_SKEW)
			.orElseThrow(
					() -> refused(request, List.of(path.outdated(now).orElseGet(() -> meaning + path.problem(now)))));
	}

	private static RequestException refused(CertificateRequest request, List<String> problems) {
		return RequestException.refused(request.name(), request.signer(), problems);
	}

	private static List<String> problems(X509Certificate leaf, CertificateRequest request, Instant now) {
		List<String> problems = new ArrayList<>();
		if (!Arrays.equals(leaf.getPublicKey().getEncoded(), request.publicKey().getEncoded())) {
			problems.add("the first certificate, which must be the leaf, has another public key (%s) than the request"
				.formatted(KeySpecification.describe(leaf.getPublicKey())));
		}
		if (leaf.getBasicConstraints() != -1) {
			problems.add("it is the certificate of an authority");
		}
		if (leaf.hasUnsupportedCriticalExtension()) {
			problems.add("it has a critical extension that this JDK does not know");
		}
		if (isDisabled(leaf)) {
			problems.add("its signature algorithm " + ExternalText.clean(leaf.getSigAlgName()) + " is not secure");
		}
		problems.addAll(request.template().differences(leaf));
		request.usages()
			.stream()
			.filter((usage) -> !usage.isCarriedBy(leaf))
			.forEach((usage) -> problems.add("usage '" + usage + "' is missing"));
		if (now.isAfter(leaf.getNotAfter().toInstant())) {
			problems.add(("it expired at %s, and it is %s here" + CLOCK).formatted(leaf.getNotAfter().toInstant(),
					now.truncatedTo(ChronoUnit.SECONDS)));
		}
		if (leaf.getNotBefore().toInstant().isAfter(now.plus(CertificatePair.CLOCK_SKEW))) {
			problems.add(("it is not valid before %s, and it is %s here" + CLOCK)
				.formatted(leaf.getNotBefore().toInstant(), now.truncatedTo(ChronoUnit.SECONDS)));
		}
		return problems;
	}

	/** SHA-1 is not disabled by every JDK, but TLS peers do not accept it either. */
	private static boolean isDisabled(X509Certificate leaf) {
		String[] disabled = ("SHA1,SHA-1," + Security.getProperty("jdk.certpath.disabledAlgorithms")).split(",");
		return Stream.concat(Stream.of(leaf.getSigAlgName().split("with")), digest(leaf))
			.anyMatch((name) -> Stream.of(disabled).map(String::strip).anyMatch(name::equalsIgnoreCase));
	}

	/** The digest of an RSASSA-PSS signature, which its parameters name (RFC 4055). */
	private static Stream<String> digest(X509Certificate leaf) {
		byte[] encoded = leaf.getSigAlgParams();
		if (encoded == null || !leaf.getSigAlgName().equals("RSASSA-PSS")) {
			return Stream.empty();
		}
		try {
			AlgorithmParameters parameters = AlgorithmParameters.getInstance("RSASSA-PSS");
			parameters.init(encoded);
			return Stream.of(parameters.getParameterSpec(PSSParameterSpec.class).getDigestAlgorithm());
		}
		catch (GeneralSecurityException | IOException ex) {
			throw new IllegalArgumentException("The signature has parameters that cannot be read", ex);
		}
	}

}
