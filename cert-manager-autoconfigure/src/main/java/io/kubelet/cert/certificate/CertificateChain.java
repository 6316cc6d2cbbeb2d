package io.kubelet.cert.certificate;

import java.io.IOException;
import java.security.GeneralSecurityException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.jspecify.annotations.Nullable;

/**
 * Reduces the certificates that a signer sends to one path. Signers send duplicates,
 * unrelated certificates, cross-signed intermediates and roots in any place. Go accepts
 * all of this after the leaf; Java's key stores hold nothing but a path.
 */
final class CertificateChain {

	private CertificateChain() {
	}

	/**
	 * Returns the leaf and the path above it, each certificate followed by its issuer. A
	 * root at the end of the path is kept, as it is in the file that a kubelet reads; all
	 * other certificates are left out.
	 * <p>
	 * An issuer is found by its name and key identifier. A signature is verified only if
	 * these do not settle the question, so that a rotation usually verifies nothing. Of
	 * several certificates for one issuer, such as cross-signed ones, the first one that
	 * is valid for as long as the leaf is taken.
	 * @param certificates the leaf, then the other certificates in any order
	 * @return the path
	 */
	static List<X509Certificate> path(List<X509Certificate> certificates) {
		X509Certificate leaf = certificates.get(0);
		Set<X509Certificate> rest = new LinkedHashSet<>(certificates.subList(1, certificates.size()));
		rest.remove(leaf);
		List<X509Certificate> path = new ArrayList<>();
		path.add(leaf);
		for (X509Certificate last = leaf; !rest.isEmpty() && !isRoot(last); last = path.get(path.size() - 1)) {
			List<X509Certificate> issuers = issuers(last, rest);
			if (issuers.isEmpty()) {
				break;
			}
			X509Certificate issuer = issuers.stream()
				.filter((candidate) -> !candidate.getNotAfter().before(leaf.getNotAfter()))
				.findFirst()
				.orElse(issuers.get(0));
			path.add(issuer);
			rest.remove(issuer);
		}
		return List.copyOf(path);
	}

	private static boolean isRoot(X509Certificate certificate) {
		byte[] issuerKey = issuerKey(certificate);
		byte[] key = key(certificate);
		return certificate.getIssuerX500Principal().equals(certificate.getSubjectX500Principal())
				&& (issuerKey == null || key == null || Arrays.equals(issuerKey, key));
	}

	private static List<X509Certificate> issuers(X509Certificate certificate, Set<X509Certificate> candidates) {
		List<X509Certificate> named = candidates.stream()
			.filter((candidate) -> candidate.getSubjectX500Principal().equals(certificate.getIssuerX500Principal()))
			.toList();
		byte[] issuerKey = issuerKey(certificate);
		List<X509Certificate> identified = named.stream()
			.filter((candidate) -> issuerKey != null && Arrays.equals(issuerKey, key(candidate)))
			.toList();
		if (!identified.isEmpty()) {
			return identified;
		}
		boolean certain = named.size() == 1 && (issuerKey == null || key(named.get(0)) == null);
		return certain ? named : named.stream().filter((candidate) -> isSignedBy(certificate, candidate)).toList();
	}

	private static boolean isSignedBy(X509Certificate certificate, X509Certificate issuer) {
		try {
			certificate.verify(issuer.getPublicKey());
			return true;
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			return false;
		}
	}

	/** The authority key identifier (RFC 5280, 4.2.1.1). */
	private static byte @Nullable [] issuerKey(X509Certificate certificate) {
		byte[] extension = certificate.getExtensionValue(Extension.authorityKeyIdentifier.getId());
		try {
			return (extension != null)
					? AuthorityKeyIdentifier.getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension))
						.getKeyIdentifierOctets()
					: null;
		}
		catch (IOException | RuntimeException ex) {
			return null;
		}
	}

	/** The subject key identifier (RFC 5280, 4.2.1.2). */
	private static byte @Nullable [] key(X509Certificate certificate) {
		byte[] extension = certificate.getExtensionValue(Extension.subjectKeyIdentifier.getId());
		try {
			return (extension != null)
					? ASN1OctetString.getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension)).getOctets()
					: null;
		}
		catch (IOException | RuntimeException ex) {
			return null;
		}
	}

}
