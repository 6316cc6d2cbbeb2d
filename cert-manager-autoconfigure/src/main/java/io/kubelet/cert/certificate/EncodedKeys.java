package io.kubelet.cert.certificate;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.security.GeneralSecurityException;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.interfaces.ECPrivateKey;
import java.security.interfaces.RSAKey;
import java.security.spec.ECPrivateKeySpec;
import java.security.spec.InvalidKeySpecException;
import java.security.spec.PKCS8EncodedKeySpec;
import java.security.spec.X509EncodedKeySpec;
import java.util.HexFormat;
import java.util.List;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;

/**
 * Decodes keys with the JDK. Bouncy Castle's own converter returns keys of other classes
 * once its provider is installed, and its classes would slow down each start. A JDK reads
 * private keys in PKCS#8 only (RFC 5958), so the traditional forms are wrapped in it.
 */
final class EncodedKeys {

	private static final int SEQUENCE = 0x30;

	private static final int OCTET_STRING = 0x04;

	private static final byte[] VERSION_0 = HexFormat.of().parseHex("020100");

	private static final byte[] EC_PUBLIC_KEY = HexFormat.of().parseHex("06072a8648ce3d0201");

	private static final byte[] RSA_ENCRYPTION = HexFormat.of().parseHex("06092a864886f70d0101010500");

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
		return pkcs8(wrap(RSA_ENCRYPTION, key));
	}

	/** An {@code EC PRIVATE KEY} (RFC 5915), which has to name its curve. */
	static PrivateKey ec(byte[] key) throws GeneralSecurityException {
		ByteBuffer fields = next(ByteBuffer.wrap(key));
		next(fields); // version
		next(fields); // private key
		ByteBuffer curve = next(fields);
		byte[] algorithm = new byte[EC_PUBLIC_KEY.length + curve.remaining()];
		ByteBuffer.wrap(algorithm).put(EC_PUBLIC_KEY).put(curve);
		return pkcs8(wrap(algorithm, key));
	}

	private static byte[] wrap(byte[] algorithm, byte[] key) {
		return der(SEQUENCE, VERSION_0, der(SEQUENCE, algorithm), der(OCTET_STRING, key));
	}

	/** Returns the content of the next DER value and skips it. */
	private static ByteBuffer next(ByteBuffer values) {
		values.get(); // tag
		int length = values.get() & 0xFF;
		if ((length & 0x80) != 0) {
			byte[] octets = new byte[length & 0x7F];
			values.get(octets);
			length = new BigInteger(1, octets).intValueExact();
		}
		ByteBuffer content = values.slice(values.position(), length);
		values.position(values.position() + length);
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

	private static byte[] der(int tag, byte[]... contents) {
		ByteArrayOutputStream content = new ByteArrayOutputStream();
		for (byte[] part : contents) {
			content.writeBytes(part);
		}
		int length = content.size();
		ByteArrayOutputStream value = new ByteArrayOutputStream();
		value.write(tag);
		if (length > 0xFF) {
			value.write(0x82);
			value.write(length >> 8);
		}
		else if (length > 0x7F) {
			value.write(0x81);
		}
		value.write(length);
		value.writeBytes(content.toByteArray());
		return value.toByteArray();
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
		throw new MalformedPemException(
				"The key cannot be read: it is damaged, or of an algorithm other than EC, RSA " + "and Ed25519");
	}

	private interface Decoder<T> {

		T decode(KeyFactory factory) throws GeneralSecurityException;

	}

}
