package io.kubelet.cert.certificate.trust;

import java.security.GeneralSecurityException;
import java.security.cert.CertPath;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.ExternalText;

/**
 * Finds the path from an issued certificate to one of the authorities that may sign. As
 * in Go, the certificates after the leaf may be in any order and more than are needed.
 *
 * @param chain the chain as issued, leaf first
 * @param authorities the certificates of the authorities
 */
public record AuthorityPath(List<X509Certificate> chain, Collection<X509Certificate> authorities) {

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
	public Optional<List<X509Certificate>> find(Instant now, Duration clockSkew) {
		Instant begin = all().map((certificate) -> certificate.getNotBefore().toInstant())
			.filter((notBefore) -> !notBefore.isAfter(now.plus(clockSkew)))
			.max(Instant::compareTo)
			.orElse(now);
		return valid(now).or(() -> begin.isAfter(now) ? valid(begin) : Optional.empty());
	}

	/**
	 * Returns what a user needs to know where there is no path.
	 * @param now the current time
	 * @return the authorities, and the certificates that have expired
	 */
	public String problem(Instant now) {
		String expired = all().filter((certificate) -> now.isAfter(certificate.getNotAfter().toInstant()))
			.distinct()
			.map((certificate) -> "; '%s' expired at %s".formatted(ExternalText.subject(certificate),
					certificate.getNotAfter().toInstant()))
			.collect(Collectors.joining());
		return "its chain does not lead to a configured authority (%s)%s"
			.formatted(this.authorities.stream().map(ExternalText::subject).toList(), expired);
	}

	private Optional<List<X509Certificate>> valid(Instant at) {
		Set<TrustAnchor> anchors = this.authorities.stream()
			.filter((authority) -> isValid(authority, at))
			.map((authority) -> new TrustAnchor(authority, null))
			.collect(Collectors.toSet());
		if (anchors.isEmpty()) {
			return Optional.empty();
		}
		try {
			X509CertSelector leaf = new X509CertSelector();
			leaf.setCertificate(this.chain.get(0));
			PKIXBuilderParameters parameters = new PKIXBuilderParameters(anchors, leaf);
			parameters.setRevocationEnabled(false);
			parameters.setDate(Date.from(at));
			parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(this.chain)));
			return Optional.of(sorted(CertPathBuilder.getInstance("PKIX").build(parameters).getCertPath()));
		}
		catch (CertPathBuilderException ex) {
			return Optional.empty();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK cannot build certification paths", ex);
		}
	}

	private List<X509Certificate> sorted(CertPath path) {
		Set<X509Certificate> sorted = new LinkedHashSet<>();
		path.getCertificates().forEach((certificate) -> sorted.add((X509Certificate) certificate));
		sorted.addAll(this.chain);
		return List.copyOf(sorted);
	}

	private Stream<X509Certificate> all() {
		return Stream.concat(this.chain.stream(), this.authorities.stream());
	}

	private static boolean isValid(X509Certificate certificate, Instant at) {
		return !at.isBefore(certificate.getNotBefore().toInstant())
				&& !at.isAfter(certificate.getNotAfter().toInstant());
	}

}
