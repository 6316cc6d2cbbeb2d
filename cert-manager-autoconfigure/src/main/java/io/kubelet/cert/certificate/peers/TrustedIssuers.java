package io.kubelet.cert.certificate.peers;

import java.io.IOException;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateChain;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1Primitive;
import org.bouncycastle.asn1.x509.AuthorityKeyIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectKeyIdentifier;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.jspecify.annotations.Nullable;

/**
 * The trusted authorities to which the chains of the last peers lead. To verify
 * signatures in each handshake would take as long as the handshake.
 */
public final class TrustedIssuers {

	private static final int KEPT = 128;

	/** By the certificates of the peers. */
	private final Map<X509Certificate, X509Certificate> known = new LinkedHashMap<>(16, 0.75f, true) {

		@Override
		protected boolean removeEldestEntry(Map.Entry<X509Certificate, X509Certificate> eldest) {
			return size() > KEPT;
		}

	};

	/**
	 * Returns the authority of a peer.
	 * @param chain its chain, which is verified
	 * @param trusted the authorities that are trusted
	 * @return the authority, empty if it is not one of these
	 */
	public Optional<X509Certificate> of(Certificate[] chain, List<X509Certificate> trusted) {
		X509Certificate leaf = (X509Certificate) chain[0];
		synchronized (this.known) {
			X509Certificate authority = this.known.get(leaf);
			if (authority != null && trusted.contains(authority)) {
				return Optional.of(authority);
			}
		}
		Optional<X509Certificate> found = find(chain, trusted);
		synchronized (this.known) {
			found.ifPresent((authority) -> this.known.put(leaf, authority));
		}
		return found;
	}

	/**
	 * Signatures are verified only where several authorities have one name, and the
	 * certificate does not say which key has signed it; and not of the last one that is
	 * left. A newer certificate for the same key counts for what an older one has signed.
	 */
	private static Optional<X509Certificate> find(Certificate[] chain, List<X509Certificate> authorities) {
		return Stream.of(chain).map(X509Certificate.class::cast).flatMap((certificate) -> {
			List<X509Certificate> issuers = authorities.stream()
				.filter((authority) -> CertificateChain.isNamedAsIssuer(authority, certificate))
				.filter((authority) -> mayHaveSigned(authority, certificate))
				.sorted(Comparator.comparing(X509Certificate::getNotBefore).reversed())
				.toList();
			return Stream.concat(authorities.stream().filter(certificate::equals),
					issuers.stream()
						.filter((issuer) -> issuer == issuers.get(issuers.size() - 1)
								|| CertificateChain.isSignedBy(certificate, issuer)));
		}).findFirst();
	}

	/** Compares the identifiers of the keys, if there are any (RFC 5280, 4.2.1.1). */
	private static boolean mayHaveSigned(X509Certificate authority, X509Certificate certificate) {
		byte[] own = identifier(authority, Extension.subjectKeyIdentifier,
				(value) -> SubjectKeyIdentifier.getInstance(value).getKeyIdentifier());
		byte[] named = identifier(certificate, Extension.authorityKeyIdentifier,
				(value) -> AuthorityKeyIdentifier.getInstance(value).getKeyIdentifierOctets());
		return own == null || named == null || Arrays.equals(own, named);
	}

	/** One that cannot be read says nothing. */
	private static byte @Nullable [] identifier(X509Certificate certificate, ASN1ObjectIdentifier extension,
			Function<ASN1Primitive, byte @Nullable []> reader) {
		byte[] value = certificate.getExtensionValue(extension.getId());
		try {
			return (value != null) ? reader.apply(JcaX509ExtensionUtils.parseExtensionValue(value)) : null;
		}
		catch (IOException | IllegalArgumentException | IllegalStateException ex) {
			return null;
		}
	}

}
