package io.kubelet.cert.certificate;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.function.Predicate;

import org.jspecify.annotations.Nullable;

/**
 * A certificate chain and the private key of its leaf, as one immutable snapshot, so that
 * chain and key always belong to the same rotation. Two pairs are equal if their chains
 * are. {@link #toString()} does not contain the key.
 * <p>
 * The chain is a path: each certificate comes before its issuer. Duplicates, unrelated
 * certificates and further certificates of an issuer are left out.
 */
public final class CertificatePair {

	/** How far in the future a certificate may begin, because clocks differ. */
	public static final Duration CLOCK_SKEW = Duration.ofMinutes(5);

	private static final byte[] PROBE = { 1, 2, 3 };

	private final List<X509Certificate> chain;

	private final PrivateKey privateKey;

	private final List<X509Certificate> authorities;

	/** The JDK would look for both in the certificate each time. */
	private final Instant notBefore;

	private final Instant notAfter;

	/**
	 * Creates a pair whose key comes from elsewhere, such as from a file. It signs once
	 * and verifies once, to prove that the key is the leaf's.
	 * @param chain the leaf, then the other certificates in any order
	 * @param privateKey the leaf's private key
	 * @throws IllegalArgumentException if the chain is empty, has more than 20
	 * certificates or 100 KB, or the key is not the leaf's
	 */
	public CertificatePair(List<X509Certificate> chain, PrivateKey privateKey) {
		this(chain, privateKey, List.of(), (publicKey) -> belongTogether(publicKey, privateKey));
	}

	private CertificatePair(List<X509Certificate> chain, PrivateKey privateKey, List<X509Certificate> authorities,
			Predicate<PublicKey> match) {
		if (chain.isEmpty()) {
			throw new IllegalArgumentException("There is no certificate");
		}
		CertificateChain.problem(chain, authorities).ifPresent((problem) -> {
			throw new IllegalArgumentException("The certificate cannot be used: " + problem);
		});
		this.chain = CertificateChain.path(chain);
		this.privateKey = privateKey;
		this.authorities = List.copyOf(authorities);
		this.notBefore = leaf().getNotBefore().toInstant();
		this.notAfter = leaf().getNotAfter().toInstant();
		if (!match.test(leaf().getPublicKey())) {
			throw refused();
		}
	}

	/**
	 * Creates a pair for keys that are known to belong together. It compares the public
	 * keys and computes nothing.
	 * @param chain the leaf, then the other certificates in any order
	 * @param keys the keys that the leaf was issued for
	 * @return the pair
	 * @throws IllegalArgumentException if the chain is empty, has more than 20
	 * certificates or 100 KB, or the leaf has another key
	 */
	public static CertificatePair of(List<X509Certificate> chain, KeyPair keys) {
		return new CertificatePair(chain, keys.getPrivate(), List.of(),
				(publicKey) -> Arrays.equals(publicKey.getEncoded(), keys.getPublic().getEncoded()));
	}

	/**
	 * Returns the same pair with the authorities that came with its certificate.
	 * @param authorities the authorities that the issuer reported, empty if it reported
	 * none
	 * @return the pair
	 * @throws IllegalArgumentException if there are more than 20 certificates or 100 KB
	 */
	public CertificatePair withAuthorities(List<X509Certificate> authorities) {
		return authorities.equals(this.authorities) ? this
				: new CertificatePair(this.chain, this.privateKey, authorities, (publicKey) -> true);
	}

	/**
	 * Returns the authorities that came with the certificate. They need not be those of
	 * the chain, and a peer is trusted because of them only if it is configured.
	 * @return the authorities, empty if the issuer reported none
	 */
	public List<X509Certificate> authorities() {
		return this.authorities;
	}

	/**
	 * Returns the certificates, leaf first.
	 * @return the chain, never empty
	 */
	public List<X509Certificate> chain() {
		return this.chain;
	}

	/**
	 * Returns the certificate that the private key belongs to.
	 * @return the leaf
	 */
	public X509Certificate leaf() {
		return this.chain.get(0);
	}

	/**
	 * Returns the leaf's private key.
	 * @return the key
	 */
	public PrivateKey privateKey() {
		return this.privateKey;
	}

	/**
	 * Returns the start of the leaf's validity.
	 * @return the instant, to the second
	 */
	public Instant notBefore() {
		return this.notBefore;
	}

	/**
	 * Returns the end of the leaf's validity.
	 * @return the last instant at which it is valid, to the second
	 */
	public Instant notAfter() {
		return this.notAfter;
	}

	/**
	 * Returns the leaf's lifetime.
	 * @return the time from {@link #notBefore()} to {@link #notAfter()}
	 */
	public Duration lifetime() {
		return Duration.between(notBefore(), notAfter());
	}

	/**
	 * Whether the leaf has expired.
	 * @param now the current time
	 * @return {@code true} once {@code now} is after {@link #notAfter()}
	 */
	public boolean isExpired(Instant now) {
		return now.isAfter(notAfter());
	}

	/**
	 * Whether the leaf is valid.
	 * @param now the current time
	 * @return {@code true} from {@link #notBefore()}, minus the {@link #CLOCK_SKEW},
	 * until {@link #notAfter()}
	 */
	public boolean isValid(Instant now) {
		return !isExpired(now) && !notBefore().isAfter(now.plus(CLOCK_SKEW));
	}

	/**
	 * Returns the leaf's serial number.
	 * @return lower-case hexadecimal digits, an even number of them
	 */
	public String serialNumber() {
		return CertificateNames.serialNumber(leaf());
	}

	/**
	 * Returns the SHA-256 digest of the leaf.
	 * @return {@code SHA256:} and upper-case hexadecimal digits
	 */
	public String fingerprint() {
		return CertificateNames.fingerprint(leaf());
	}

	/**
	 * Returns whether another pair is equal, and came with the same authorities.
	 * @param other the other pair, {@code null} if there is none
	 * @return {@code true} if nothing differs
	 */
	public boolean isIdenticalTo(@Nullable CertificatePair other) {
		return other != null && equals(other) && this.authorities.equals(other.authorities);
	}

	static boolean belongTogether(PublicKey publicKey, PrivateKey privateKey) {
		String algorithm = KeySpecification.signatureAlgorithm(publicKey);
		try {
			Signature signature = Signature.getInstance(algorithm);
			byte[] signed = sign(signature, privateKey);
			signature.initVerify(publicKey);
			signature.update(PROBE);
			return signature.verify(signed);
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			return false;
		}
	}

	/** Says whether the key is that of another certificate, or cannot sign at all. */
	private IllegalArgumentException refused() {
		try {
			sign(Signature.getInstance(KeySpecification.signatureAlgorithm(this.privateKey)), this.privateKey);
		}
		catch (GeneralSecurityException | RuntimeException ex) {
			return new IllegalArgumentException("The private key cannot be used: it is damaged, "
					+ "of a curve that this JVM does not support, or its provider cannot sign", ex);
		}
		return new IllegalArgumentException("The private key does not belong to the certificate with serial number "
				+ serialNumber() + ", which comes first");
	}

	private static byte[] sign(Signature signature, PrivateKey privateKey) throws GeneralSecurityException {
		signature.initSign(privateKey);
		signature.update(PROBE);
		return signature.sign();
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
		return "CertificatePair[subject=%s, serialNumber=%s, notAfter=%s]".formatted(ExternalText.subject(leaf()),
				serialNumber(), notAfter());
	}

}
