package io.kubelet.cert.certificate;

import java.io.ByteArrayInputStream;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.CertificateFactory;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

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

	private static final String AUTHORITY = "ISSUER CERTIFICATE";

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
		return pair(new Blocks(parse(certificates).certificates, parse(privateKey).privateKeys, List.of()));
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
		return write("CERTIFICATE", certificates);
	}

	private static String write(String type, List<X509Certificate> certificates) {
		return certificates.stream()
			.map((certificate) -> new PemBlock(type, CertificateChain.encoded(certificate)).write())
			.collect(Collectors.joining());
	}

	/**
	 * Writes a PKCS#10 request.
	 * @param pkcs10 its DER form
	 * @return one {@code CERTIFICATE REQUEST} block
	 */
	public static String writeRequest(byte[] pkcs10) {
		return new PemBlock(Pkcs10.TYPE, pkcs10).write();
	}

	/**
	 * Writes a pair as the kubelet does: the certificates, leaf first, then the key. The
	 * authorities that came with the certificate are after it in blocks of a type that
	 * other programs skip. The text contains the private key.
	 * @param pair the pair
	 * @return the PEM
	 */
	public static String write(CertificatePair pair) {
		return write(pair.chain()) + writePrivateKey(pair) + write(AUTHORITY, pair.authorities());
	}

	/**
	 * Writes the private key of a pair as the kubelet does.
	 * @param pair the pair
	 * @return one block
	 */
	public static String writePrivateKey(CertificatePair pair) {
		return EncodedKeys.privateKeyBlock(pair.privateKey(), pair.leaf().getPublicKey()).write();
	}

	/**
	 * Writes the private key of a pair in PKCS#8, the only form that Java reads.
	 * @param pair the pair
	 * @return one {@code PRIVATE KEY} block
	 */
	public static String writePkcs8(CertificatePair pair) {
		return new PemBlock("PRIVATE KEY", EncodedKeys.pkcs8(pair.privateKey(), pair.leaf().getPublicKey())).write();
	}

	private static CertificatePair pair(Blocks blocks) {
		PrivateKey key = privateKey(blocks);
		try {
			return new CertificatePair(blocks.certificates, key).withAuthorities(blocks.authorities);
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
		Blocks blocks = new Blocks(new ArrayList<>(), new ArrayList<>(), new ArrayList<>());
		for (PemBlock block : PemBlock.read(text)) {
			try {
				add(block, blocks);
			}
			catch (GeneralSecurityException | RuntimeException | StackOverflowError ex) {
				// The JDK recurses into nested values
				throw (ex instanceof MalformedPemException malformed) ? malformed : PemBlock.damaged();
			}
		}
		return blocks;
	}

	private static void add(PemBlock block, Blocks blocks) throws GeneralSecurityException {
		switch (block.type()) {
			case "CERTIFICATE" -> blocks.certificates.addAll(certificates(block.content()));
			case AUTHORITY -> blocks.authorities.addAll(certificates(block.content()));
			case "EC PRIVATE KEY" -> blocks.privateKeys.add(EncodedKeys.ec(block.content()));
			case "RSA PRIVATE KEY" -> blocks.privateKeys.add(EncodedKeys.rsa(block.content()));
			case "PRIVATE KEY" -> blocks.privateKeys.add(EncodedKeys.pkcs8(block.content()));
			case "ENCRYPTED PRIVATE KEY" -> throw PemBlock.encrypted();
			default -> {
				// Neither a certificate nor a key
			}
		}
	}

	/** A block may contain several: the API server accepts that from a signer. */
	private static List<X509Certificate> certificates(byte[] content) throws GeneralSecurityException {
		CertificateFactory factory = CertificateFactory.getInstance("X.509");
		ByteArrayInputStream input = new ByteArrayInputStream(content);
		List<X509Certificate> certificates = new ArrayList<>();
		do {
			input.reset();
			try {
				certificates.add((X509Certificate) factory.generateCertificate(input));
			}
			catch (CertificateException ex) {
				throw certificates.isEmpty() ? malformed(String.valueOf(ex.getMessage())) : new MalformedPemException(
						"A certificate is followed by other data in its block: store each certificate in a block of its own");
			}
			input.mark(1);
		}
		while (input.read() >= 0);
		return certificates;
	}

	/** Certificates are public, so the message of the parser may quote them. */
	private static MalformedPemException malformed(String problem) {
		return new MalformedPemException("A certificate cannot be read: it is cut off, damaged or malformed (%s)"
			.formatted(ExternalText.clean(problem)));
	}

	private record Blocks(List<X509Certificate> certificates, List<PrivateKey> privateKeys,
			List<X509Certificate> authorities) {

	}

}
