package io.kubelet.cert.certificate;

import java.security.GeneralSecurityException;
import java.security.cert.CertificateEncodingException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

import org.jspecify.annotations.Nullable;

/**
 * Reduces the certificates that a signer sends to one path. Signers send duplicates,
 * unrelated certificates, cross-signed intermediates and roots in any order. Go accepts
 * all of this after the leaf. Java's key stores accept only a path.
 */
public final class CertificateChain {

	/**
	 * No TLS peer accepts more: the JDK accepts 10 certificates, Go and OpenSSL 100 KB.
	 */
	public static final int MAXIMUM_CERTIFICATES = 20;

	private static final int MAXIMUM_KILOBYTES = 100;

	private CertificateChain() {
	}

	/**
	 * Returns why no TLS peer accepts a chain, or the authorities that an issuer reports
	 * with it are not used. They have the same limits. It verifies nothing: a DSA key,
	 * whose size the JDK does not limit, would take minutes to verify a signature.
	 * @param chain the chain
	 * @param authorities the certificates of the authorities
	 * @return a clause, empty if there is no reason
	 */
	public static Optional<String> problem(List<X509Certificate> chain, List<X509Certificate> authorities) {
		return problem("its chain", chain).or(() -> problem("the list of authorities that came with it", authorities));
	}

	private static Optional<String> problem(String what, List<X509Certificate> certificates) {
		if (certificates.size() > MAXIMUM_CERTIFICATES) {
			return Optional.of("%s has %d certificates, but at most %d are accepted".formatted(what,
					certificates.size(), MAXIMUM_CERTIFICATES));
		}
		if (certificates.stream().anyMatch((certificate) -> "DSA".equals(certificate.getPublicKey().getAlgorithm()))) {
			return Optional.of(what + " contains a DSA key");
		}
		int kilobytes = certificates.stream().mapToInt((certificate) -> encoded(certificate).length).sum() / 1024;
		return (kilobytes >= MAXIMUM_KILOBYTES) ? Optional
			.of("%s has %d KB, but at most %d KB are accepted".formatted(what, kilobytes + 1, MAXIMUM_KILOBYTES))
				: Optional.empty();
	}

	static byte[] encoded(X509Certificate certificate) {
		try {
			return certificate.getEncoded();
		}
		catch (CertificateEncodingException ex) {
			throw new IllegalArgumentException("The certificate cannot be encoded", ex);
		}
	}

	/**
	 * Returns the leaf and the path above it, each certificate before its issuer. A root
	 * at the end of the path is kept, as it is in the file that a kubelet reads; all
	 * other certificates are left out.
	 * <p>
	 * An issuer is found by its name. Signatures are verified only where several
	 * certificates have that name, so that a rotation usually verifies nothing. Of
	 * several certificates for one issuer, such as cross-signed ones, the first one that
	 * is valid for as long as the leaf is taken. For 20 certificates, this takes fewer
	 * than 200 verifications.
	 * @param certificates the leaf, then the other certificates in any order
	 * @return the path
	 */
	static List<X509Certificate> path(List<X509Certificate> certificates) {
		X509Certificate leaf = certificates.get(0);
		Set<X509Certificate> rest = new LinkedHashSet<>(certificates.subList(1, certificates.size()));
		rest.remove(leaf);
		List<X509Certificate> path = new ArrayList<>();
		for (X509Certificate next = leaf; next != null; next = issuer(next, rest, leaf)) {
			path.add(next);
			rest.remove(next);
		}
		return List.copyOf(path);
	}

	private static @Nullable X509Certificate issuer(X509Certificate certificate, Set<X509Certificate> candidates,
			X509Certificate leaf) {
		List<X509Certificate> issuers = candidates.stream()
			.filter((candidate) -> isNamedAsIssuer(candidate, certificate))
			.toList();
		if (issuers.size() > 1) {
			issuers = issuers.stream().filter((candidate) -> isSignedBy(certificate, candidate)).toList();
		}
		return issuers.stream()
			.filter((candidate) -> !candidate.getNotAfter().before(leaf.getNotAfter()))
			.findFirst()
			.orElse(issuers.isEmpty() ? null : issuers.get(0));
	}

	/**
	 * Whether a certificate has the name of another one's issuer.
	 * @param candidate the certificate
	 * @param certificate the other certificate
	 * @return {@code true} if it does
	 */
	public static boolean isNamedAsIssuer(X509Certificate candidate, X509Certificate certificate) {
		return candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal());
	}

	/**
	 * Verifies a signature.
	 * @param certificate the signed certificate
	 * @param issuer the certificate with the key
	 * @return whether the key has signed it
	 */
	public static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
		try {
			certificate.verify(issuer.getPublicKey());
			return true;
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			return false;
		}
	}

}
