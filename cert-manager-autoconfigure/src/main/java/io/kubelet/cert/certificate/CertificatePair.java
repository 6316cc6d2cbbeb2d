package io.kubelet.cert.certificate;

import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.HexFormat;
import java.util.List;

import org.jspecify.annotations.Nullable;

/**
 * A certificate chain and the private key of its leaf, as one immutable snapshot: whoever
 * holds a pair never sees the chain of one rotation and the key of another. Two pairs are
 * equal if their chains are. The key is in none of the texts this class makes.
 */
public final class CertificatePair {

	private final List<X509Certificate> chain;

	private final PrivateKey privateKey;

	/**
	 * Create a pair.
	 * @param chain the certificates, leaf first
	 * @param privateKey the leaf's private key
	 * @throws IllegalArgumentException if the chain is empty or the key is not the leaf's
	 */
	public CertificatePair(List<X509Certificate> chain, PrivateKey privateKey) {
		if (chain.isEmpty()) {
			throw new IllegalArgumentException("There is no certificate");
		}
		this.chain = List.copyOf(chain);
		this.privateKey = privateKey;
		if (!belongTogether(leaf().getPublicKey(), privateKey)) {
			throw new IllegalArgumentException("The private key is not that of the certificate with serial number "
					+ serialNumber() + " (the leaf comes first)");
		}
	}

	/**
	 * Return the certificates, leaf first.
	 * @return the chain, never empty
	 */
	public List<X509Certificate> chain() {
		return this.chain;
	}

	/**
	 * Return the certificate that the private key belongs to.
	 * @return the leaf
	 */
	public X509Certificate leaf() {
		return this.chain.get(0);
	}

	/**
	 * Return the leaf's private key.
	 * @return the key
	 */
	public PrivateKey privateKey() {
		return this.privateKey;
	}

	/**
	 * Return the start of the leaf's validity.
	 * @return the instant, to the second
	 */
	public Instant notBefore() {
		return leaf().getNotBefore().toInstant();
	}

	/**
	 * Return the end of the leaf's validity.
	 * @return the last instant at which it is valid, to the second
	 */
	public Instant notAfter() {
		return leaf().getNotAfter().toInstant();
	}

	/**
	 * Return how long the leaf is valid in all.
	 * @return the time from {@link #notBefore()} to {@link #notAfter()}
	 */
	public Duration lifetime() {
		return Duration.between(notBefore(), notAfter());
	}

	/**
	 * Whether the leaf has expired (contract row C3).
	 * @param now the time to judge by
	 * @return {@code true} once {@code now} is after {@link #notAfter()}
	 */
	public boolean isExpired(Instant now) {
		return now.isAfter(notAfter());
	}

	/**
	 * Return the leaf's serial number.
	 * @return lower-case hexadecimal digits, an even number of them
	 */
	public String serialNumber() {
		return CertificateNames.serialNumber(leaf());
	}

	/**
	 * Return the SHA-256 digest of the leaf.
	 * @return {@code SHA256:} and upper-case hexadecimal digits
	 */
	public String fingerprint() {
		try {
			byte[] digest = MessageDigest.getInstance("SHA-256").digest(leaf().getEncoded());
			return "SHA256:" + HexFormat.of().withUpperCase().formatHex(digest);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JDK cannot digest a certificate", ex);
		}
	}

	static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) {
		String algorithm = KeySpecification.signatureAlgorithm(publicKey);
		byte[] probe = { 1, 2, 3 };
		try {
			Signature signature = Signature.getInstance(algorithm);
			signature.initSign(privateKey);
			signature.update(probe);
			byte[] signed = signature.sign();
			signature.initVerify(publicKey);
			signature.update(probe);
			return signature.verify(signed);
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			return false;
		}
	}

	@Override
	public boolean equals(@Nullable Object other) {
		return other instanceof CertificatePair pair && this.chain.equals(pair.chain);
	}

	@Override
	public int hashCode() {
		return this.chain.hashCode();
	}

	@Override
	public String toString() {
		return "CertificatePair[subject=%s, serialNumber=%s, notAfter=%s]"
			.formatted(leaf().getSubjectX500Principal().getName(), serialNumber(), notAfter());
	}

}
