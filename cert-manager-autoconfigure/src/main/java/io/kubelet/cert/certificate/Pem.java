package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.StringReader;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;

import org.bouncycastle.asn1.pkcs.PrivateKeyInfo;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.openssl.PEMEncryptedKeyPair;
import org.bouncycastle.openssl.PEMKeyPair;
import org.bouncycastle.openssl.PEMParser;
import org.bouncycastle.pkcs.PKCS8EncryptedPrivateKeyInfo;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemWriter;

/**
 * Certificates and keys as PEM (RFC 7468), in the block types that Kubernetes writes:
 * {@code CERTIFICATE}, {@code EC PRIVATE KEY} (RFC 5915), {@code RSA PRIVATE KEY} (RFC
 * 8017) and, for other keys, {@code PRIVATE KEY} (RFC 5958). All of them are read, in any
 * order; text around the blocks is ignored. Every method that reads throws
 * {@link MalformedPemException} and nothing else, and no message quotes the text.
 */
public final class Pem {

	/** The longest text that is read, in characters. */
	public static final int MAXIMUM_LENGTH = 1024 * 1024;

	private Pem() {
	}

	/**
	 * Reads certificates and exactly one private key. It proves once that the key is the
	 * leaf's.
	 * @param text the PEM, the leaf before the other certificates, the key anywhere
	 * @return the pair
	 */
	public static CertificatePair readPair(String text) {
		return pair(parse(text));
	}

	/**
	 * Reads a pair whose certificates and key are in two files.
	 * @param certificates the PEM with the certificates, leaf first
	 * @param privateKey the PEM with the key
	 * @return the pair
	 */
	public static CertificatePair readPair(String certificates, String privateKey) {
		return pair(new Blocks(parse(certificates).certificates, parse(privateKey).privateKeys));
	}

	/**
	 * Reads certificates.
	 * @param text the PEM
	 * @return the certificates in the order of the text, at least one
	 */
	public static List<X509Certificate> readCertificates(String text) {
		List<X509Certificate> certificates = parse(text).certificates;
		if (certificates.isEmpty()) {
			throw new MalformedPemException("There is no CERTIFICATE block");
		}
		return certificates;
	}

	/**
	 * Reads one private key that is not encrypted.
	 * @param text the PEM
	 * @return the key
	 */
	public static PrivateKey readPrivateKey(String text) {
		return privateKey(parse(text));
	}

	/**
	 * Writes certificates.
	 * @param certificates the certificates
	 * @return one {@code CERTIFICATE} block each
	 */
	public static String write(List<X509Certificate> certificates) {
		try {
			List<PemObject> blocks = new ArrayList<>();
			for (X509Certificate certificate : certificates) {
				blocks.add(new PemObject("CERTIFICATE", certificate.getEncoded()));
			}
			return writeBlocks(blocks);
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException("The certificate cannot be encoded", ex);
		}
	}

	/**
	 * Writes a pair as the kubelet does: the certificates, leaf first, then the key. The
	 * text contains the private key.
	 * @param pair the pair
	 * @return the PEM
	 */
	public static String write(CertificatePair pair) {
		return write(pair.chain())
				+ writeBlocks(List.of(PrivateKeyPem.block(pair.privateKey(), pair.leaf().getPublicKey())));
	}

	static String writeBlocks(List<PemObject> blocks) {
		StringWriter text = new StringWriter();
		try (PemWriter writer = new PemWriter(text)) {
			for (PemObject block : blocks) {
				writer.writeObject(block);
			}
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
		return text.toString().replace(System.lineSeparator(), "\n");
	}

	private static CertificatePair pair(Blocks blocks) {
		PrivateKey key = privateKey(blocks);
		try {
			return new CertificatePair(blocks.certificates, key);
		}
		catch (IllegalArgumentException ex) {
			throw new MalformedPemException(String.valueOf(ex.getMessage()));
		}
	}

	private static PrivateKey privateKey(Blocks blocks) {
		if (blocks.privateKeys.size() != 1) {
			throw new MalformedPemException(
					"There must be exactly one private key, but there are " + blocks.privateKeys.size());
		}
		return blocks.privateKeys.get(0);
	}

	private static Blocks parse(String text) {
		if (text.length() > MAXIMUM_LENGTH) {
			throw new MalformedPemException(
					"The text has %d characters, but at most %d are read".formatted(text.length(), MAXIMUM_LENGTH));
		}
		Blocks blocks = new Blocks(new ArrayList<>(), new ArrayList<>());
		try (PEMParser parser = new PEMParser(new StringReader(text))) {
			for (Object object = parser.readObject(); object != null; object = parser.readObject()) {
				add(object, blocks);
			}
			return blocks;
		}
		catch (IOException | GeneralSecurityException | RuntimeException ex) {
			if (ex instanceof MalformedPemException malformed) {
				throw malformed;
			}
			// The parser's message may quote the text, which may hold a key
			throw new MalformedPemException("A PEM block cannot be read: it is cut off or damaged");
		}
	}

	private static void add(Object object, Blocks blocks) throws IOException, GeneralSecurityException {
		if (object instanceof X509CertificateHolder holder) {
			blocks.certificates.add(new JcaX509CertificateConverter().getCertificate(holder));
		}
		else if (object instanceof PEMKeyPair pair) {
			blocks.privateKeys.add(EncodedKeys.privateKey(pair.getPrivateKeyInfo()));
		}
		else if (object instanceof PrivateKeyInfo key) {
			blocks.privateKeys.add(EncodedKeys.privateKey(key));
		}
		else if (object instanceof PEMEncryptedKeyPair || object instanceof PKCS8EncryptedPrivateKeyInfo) {
			throw new MalformedPemException("The private key is encrypted: store it without a passphrase");
		}
	}

	private record Blocks(List<X509Certificate> certificates, List<PrivateKey> privateKeys) {

	}

}
