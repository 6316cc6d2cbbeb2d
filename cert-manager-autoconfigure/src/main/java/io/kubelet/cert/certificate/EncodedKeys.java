package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.AlgorithmParameters;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.NoSuchAlgorithmException;
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
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.function.Supplier;
import java.util.stream.Stream;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * Decodes keys with the JDK. Bouncy Castle's own converter returns keys of other classes
 * once its provider is installed, and its classes would slow down each start. A JDK reads
 * private keys in PKCS#8 only (RFC 5958), so the numbers in the traditional forms are
 * read here.
 */
final class EncodedKeys {

	/** The object identifiers of the algorithms that every JDK reads. */
	private static final Set<String> READ = Set.of("1.2.840.10045.2.1", "1.2.840.113549.1.1.1", "1.3.101.112");

	/** That of JDK 24 and later. */
	private static final String ML_DSA = "ML-DSA";

	private static final Map<String, String> ML_DSA_NAMES = Map.of("2.16.840.1.101.3.4.3.17", "ML-DSA-44",
			"2.16.840.1.101.3.4.3.18", "ML-DSA-65", "2.16.840.1.101.3.4.3.19", "ML-DSA-87");

	private static final int INTEGER = 0x02;

	private static final int BIT_STRING = 0x03;

	private static final int OCTET_STRING = 0x04;

	private static final int SEQUENCE = 0x30;

	/** The field of an {@code ECPrivateKey}. */
	private static final int PUBLIC_KEY = 0xA1;

	private EncodedKeys() {
	}

	static PublicKey publicKey(byte[] subjectPublicKeyInfo) throws GeneralSecurityException {
		return decode((factory) -> factory.generatePublic(new X509EncodedKeySpec(subjectPublicKeyInfo)),
				() -> identifier(SubjectPublicKeyInfo.getInstance(subjectPublicKeyInfo).getAlgorithm()));
	}

	/** Returns the object identifier of the curve of an EC key. */
	static byte[] curve(PublicKey publicKey) {
		byte[] info = next(ByteBuffer.wrap(publicKey.getEncoded()));
		ByteBuffer algorithm = ByteBuffer.wrap(next(ByteBuffer.wrap(info)));
		next(algorithm); // that of EC keys
		return next(algorithm);
	}

	static PrivateKey pkcs8(byte[] key) throws GeneralSecurityException {
		return decode((factory) -> {
			PrivateKey decoded = factory.generatePrivate(new PKCS8EncodedKeySpec(key));
			// A public key inside an EC private key (RFC 5915) is unverified, so it is
			// left out
			return (decoded instanceof ECPrivateKey ec)
					? factory.generatePrivate(new ECPrivateKeySpec(ec.getS(), ec.getParams())) : decoded;
		}, () -> identifier(PrivateKeyInfo.getInstance(key).getPrivateKeyAlgorithm()));
	}

	/** An {@code RSA PRIVATE KEY} (RFC 8017, A.1.2). */
	static PrivateKey rsa(byte[] key) throws GeneralSecurityException {
		ByteBuffer fields = ByteBuffer.wrap(next(ByteBuffer.wrap(key)));
		next(fields); // version
		RSAPrivateCrtKeySpec numbers = new RSAPrivateCrtKeySpec(number(fields), number(fields), number(fields),
				number(fields), number(fields), number(fields), number(fields), number(fields));
		return KeyFactory.getInstance("RSA").generatePrivate(numbers);
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
		return KeyFactory.getInstance("EC").generatePrivate(new ECPrivateKeySpec(secret, parameters));
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

	/**
	 * Returns a private key in PKCS#8. That of an elliptic curve contains its public key,
	 * which is optional (RFC 5915), but which the JDK leaves out and others require, such
	 * as rustls. Without Bouncy Castle, whose classes would slow down each start.
	 */
	static byte[] pkcs8(PrivateKey privateKey, PublicKey publicKey) {
		if (!(privateKey instanceof ECPrivateKey ec)) {
			return privateKey.getEncoded();
		}
		ByteBuffer info = ByteBuffer.wrap(next(ByteBuffer.wrap(publicKey.getEncoded())));
		byte[] algorithm = der(SEQUENCE, next(info));
		byte[] point = der(PUBLIC_KEY, der(BIT_STRING, next(info)));
		byte[] secret = new byte[(ec.getParams().getOrder().bitLength() + 7) / 8];
		byte[] number = ec.getS().toByteArray();
		int length = Math.min(number.length, secret.length);
		System.arraycopy(number, number.length - length, secret, secret.length - length, length);
		byte[] key = der(SEQUENCE, der(INTEGER, new byte[] { 1 }), der(OCTET_STRING, secret), point);
		return der(SEQUENCE, der(INTEGER, new byte[] { 0 }), algorithm, der(OCTET_STRING, key));
	}

	/** Returns the DER of a value whose content is shorter than 256 bytes. */
	private static byte[] der(int tag, byte[]... contents) {
		int length = Stream.of(contents).mapToInt((content) -> content.length).sum();
		ByteBuffer value = ByteBuffer.allocate(length + 3).put((byte) tag);
		if (length >= 0x80) {
			value.put((byte) 0x81);
		}
		value.put((byte) length);
		Stream.of(contents).forEach(value::put);
		return Arrays.copyOf(value.array(), value.position());
	}

	private static <T> T decode(Decoder<T> decoder, Supplier<String> stated) throws GeneralSecurityException {
		boolean complete = true;
		for (String algorithm : List.of("EC", "RSA", "Ed25519", ML_DSA)) {
			try {
				return decoder.decode(KeyFactory.getInstance(algorithm));
			}
			catch (InvalidKeySpecException ex) {
				// The key is of another algorithm
			}
			catch (NoSuchAlgorithmException ex) {
				complete = false;
			}
		}
		throw unreadable(stated, complete);
	}

	private static String identifier(AlgorithmIdentifier algorithm) {
		return algorithm.getAlgorithm().getId();
	}

	/**
	 * Bouncy Castle is loaded only to name the algorithm. A supplier of one of its types
	 * would load it for each key.
	 */
	private static MalformedPemException unreadable(Supplier<String> stated, boolean complete) {
		try {
			return unreadable(stated.get(), complete);
		}
		catch (RuntimeException ex) {
			return unreadable();
		}
	}

	/**
	 * @param algorithm the object identifier of the algorithm that the key states
	 * @param complete whether this JVM has every algorithm that is read
	 */
	static MalformedPemException unreadable(String algorithm, boolean complete) {
		String name = ML_DSA_NAMES.get(algorithm);
		if (name != null) {
			return new MalformedPemException("The key is of the algorithm " + name
					+ (complete
							? ", in a form that this JVM does not read: store it without its seed, with OpenSSL by "
									+ "'-provparam ml-dsa.output_formats=priv-only'"
							: ", which this JVM does not support: JDK 24 and later do"));
		}
		return READ.contains(algorithm) ? unreadable()
				: new MalformedPemException(
						"The key is of the algorithm %s, which is not supported: use EC, RSA, Ed25519 or ML-DSA"
							.formatted(algorithm));
	}

	private static MalformedPemException unreadable() {
		return new MalformedPemException("The key cannot be read: it is damaged");
	}

	private interface Decoder<T> {

		T decode(KeyFactory factory) throws GeneralSecurityException;

	}

}
