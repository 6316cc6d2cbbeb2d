package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.cert.CertPathValidator;
import java.security.cert.CertificateFactory;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificateRequest;
import io.kubelet.cert.certificate.KeySpecification;

/**
 * Holds an issued certificate against the request that it answers (contract row B1): the
 * API server checks nothing of this.
 */
public final class IssuedCertificateCheck {

	/**
	 * How far in the future a certificate may begin, for clocks that do not quite agree.
	 */
	public static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

	private final Supplier<? extends Collection<X509Certificate>> authorities;

	/**
	 * Create a check.
	 * @param authorities the certificates of the authorities that may have signed; asked
	 * at each check, and where it is empty the chain is not checked
	 */
	public IssuedCertificateCheck(Supplier<? extends Collection<X509Certificate>> authorities) {
		this.authorities = authorities;
	}

	/**
	 * Check a chain.
	 * @param chain the chain as issued, leaf first
	 * @param request the request that it answers
	 * @param now the present
	 * @throws CertificateRefusedException if the chain is not what was asked for, with
	 * every difference
	 */
	public void check(List<X509Certificate> chain, CertificateRequest request, Instant now) {
		List<String> problems = chain.isEmpty() ? List.of("there is no certificate in it")
				: problems(chain, request, now);
		if (!problems.isEmpty()) {
			throw new CertificateRefusedException(request.name(), problems);
		}
	}

	private List<String> problems(List<X509Certificate> chain, CertificateRequest request, Instant now) {
		X509Certificate leaf = chain.get(0);
		List<String> problems = new ArrayList<>();
		if (!Arrays.equals(leaf.getPublicKey().getEncoded(), request.publicKey().getEncoded())) {
			problems.add("it holds another public key (%s) than the one that was sent"
				.formatted(KeySpecification.describe(leaf.getPublicKey())));
		}
		problems.addAll(request.template().differences(leaf));
		request.usages()
			.stream()
			.filter((usage) -> !usage.isCarriedBy(leaf))
			.forEach((usage) -> problems.add("usage '" + usage + "' is missing"));
		if (now.isAfter(leaf.getNotAfter().toInstant())) {
			problems.add("it has expired at " + leaf.getNotAfter().toInstant());
		}
		if (leaf.getNotBefore().toInstant().isAfter(now.plus(CLOCK_SKEW))) {
			problems.add("it is not valid before " + leaf.getNotBefore().toInstant());
		}
		if (problems.isEmpty()) {
			checkPath(chain, problems);
		}
		return problems;
	}

	private void checkPath(List<X509Certificate> chain, List<String> problems) {
		Collection<X509Certificate> authorities = this.authorities.get();
		if (authorities.isEmpty()) {
			return;
		}
		Set<TrustAnchor> anchors = authorities.stream()
			.map((authority) -> new TrustAnchor(authority, null))
			.collect(Collectors.toSet());
		try {
			PKIXParameters parameters = new PKIXParameters(anchors);
			parameters.setRevocationEnabled(false);
			parameters.setDate(Date.from(chain.get(0).getNotBefore().toInstant()));
			CertPathValidator.getInstance("PKIX")
				.validate(CertificateFactory.getInstance("X.509")
					.generateCertPath(
							chain.stream().takeWhile((certificate) -> !authorities.contains(certificate)).toList()),
						parameters);
		}
		catch (GeneralSecurityException ex) {
			problems.add("its chain does not lead to a configured authority (%s): %s".formatted(
					authorities.stream().map((authority) -> authority.getSubjectX500Principal().getName()).toList(),
					ex.getMessage()));
		}
	}

}
