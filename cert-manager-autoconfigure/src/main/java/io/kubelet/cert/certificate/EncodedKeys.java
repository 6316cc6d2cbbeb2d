package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAKey;
import java.security.spec.ECParameterSpec;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.RSAPrivateCrtKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.List;
import java.util.Objects;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * Decodes keys with the JDK. Bouncy Castle's own converter returns keys of other classes
 * once its provider is installed, and its classes would slow down each start. A JDK reads
 * private keys in PKCS#8 only (RFC 5958), so the numbers in the traditional forms are
 * read here.
 */
final class EncodedKeys {

	private EncodedKeys() {
	}

	static PublicKey publicKey(byte[] subjectPublicKeyInfo) throws GeneralSecurityException {
		return decode((factory) -> factory.generatePublic(new X509EncodedKeySpec(subjectPublicKeyInfo)));
	}

	static PrivateKey pkcs8(byte[] key) throws GeneralSecurityException {
		return decode((factory) -> {
			PrivateKey decoded = factory.generatePrivate(new PKCS8EncodedKeySpec(key));
			// A public key inside an EC private key (RFC 5915) is unverified, so it is
			// left out
			return (decoded instanceof ECPrivateKey ec)
					? factory.generatePrivate(new ECPrivateKeySpec(ec.getS(), ec.getParams())) : decoded;
		});
	}

	/** An {@code RSA PRIVATE KEY} (RFC 8017, A.1.2). */
	static PrivateKey rsa(byte[] key) throws GeneralSecurityException {
		ByteBuffer fields = ByteBuffer.wrap(next(ByteBuffer.wrap(key)));
		next(fields); // version
		RSAPrivateCrtKeySpec numbers = new RSAPrivateCrtKeySpec(number(fields), number(fields), number(fields),
				number(fields), number(fields), number(fields), number(fields), number(fields));
		return decode((factory) -> factory.generatePrivate(numbers));
	}

	/** An {@code EC PRIVATE KEY} (RFC 5915), which has to name its curve. */
	static PrivateKey ec(byte[] key) throws GeneralSecurityException {
		ByteBuffer fields = ByteBuffer.wrap(next(ByteBuffer.wrap(key)));
		next(fields); // version
		BigInteger secret = number(fields);
		AlgorithmParameters curve = AlgorithmParameters.getInstance("EC");
		try {
			curve.init(next(fields));
		}
		catch (IOException ex) {
			throw unreadable();
		}
		ECParameterSpec parameters = curve.getParameterSpec(ECParameterSpec.class);
		return decode((factory) -> factory.generatePrivate(new ECPrivateKeySpec(secret, parameters)));
	}

	private static BigInteger number(ByteBuffer values) {
		return new BigInteger(1, next(values));
	}

	/** Returns the content of the next DER value and skips it. */
	private static byte[] next(ByteBuffer values) {
		values.get(); // tag
		int length = values.get() & 0xFF;
		if ((length & 0x80) != 0) {
			byte[] octets = new byte[length & 0x7F];
			values.get(octets);
			length = new BigInteger(1, octets).intValueExact();
		}
		byte[] content = new byte[Objects.checkIndex(length, values.remaining() + 1)];
		values.get(content);
		return content;
	}

	/**
	 * Returns the PEM block of a private key as Go writes it, so that a kubelet can read
	 * it. Go does not accept an {@code EC PRIVATE KEY} that does not name its curve.
	 */
	static PemBlock privateKeyBlock(PrivateKey privateKey, PublicKey publicKey) {
		try {
			if (privateKey instanceof ECPrivateKey ec) {
				return new PemBlock("EC PRIVATE KEY", sec1(ec, publicKey));
			}
			PrivateKeyInfo info = PrivateKeyInfo.getInstance(privateKey.getEncoded());
			return (privateKey instanceof RSAKey)
					? new PemBlock("RSA PRIVATE KEY", info.parsePrivateKey().toASN1Primitive().getEncoded())
					: new PemBlock("PRIVATE KEY", info.getEncoded());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static byte[] sec1(ECPrivateKey privateKey, PublicKey publicKey) throws IOException {
		SubjectPublicKeyInfo info = SubjectPublicKeyInfo.getInstance(publicKey.getEncoded());
		return new org.bouncycastle.asn1.sec.ECPrivateKey(privateKey.getParams().getOrder().bitLength(),
				privateKey.getS(), info.getPublicKeyData(), info.getAlgorithm().getParameters())
			.getEncoded();
	}

	private static <T> T decode(Decoder<T> decoder) throws GeneralSecurityException {
		for (String algorithm : List.of("EC", "RSA", "Ed25519")) {
			try {
				return decoder.decode(KeyFactory.getInstance(algorithm));
			}
			catch (InvalidKeySpecException ex) {
				// The key is of another algorithm
			}
		}
		throw unreadable();
	}

	private static MalformedPemException unreadable() {
		return new MalformedPemException(
				"The key cannot be read: it is damaged, or of an algorithm other than EC, RSA and Ed25519");
	}

	private interface Decoder<T> {

		T decode(KeyFactory factory) throws GeneralSecurityException;

	}

}
