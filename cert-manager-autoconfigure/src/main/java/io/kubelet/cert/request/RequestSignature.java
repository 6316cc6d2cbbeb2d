package io.kubelet.cert.request;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.util.Map;
import java.util.Objects;

import io.kubelet.cert.certificate.KeySpecification;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.edec.EdECObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;

/**
 * Signs a request with a key of a kind that is supported. Bouncy Castle's own signer
 * knows every algorithm, and loads hundreds of classes for that before the first request.
 */
final class RequestSignature implements ContentSigner {

	private static final Map<String, AlgorithmIdentifier> ALGORITHMS = Map.of("SHA256withECDSA",
			new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256), "SHA256withRSA",
			new AlgorithmIdentifier(PKCSObjectIdentifiers.sha256WithRSAEncryption, DERNull.INSTANCE), "Ed25519",
			new AlgorithmIdentifier(EdECObjectIdentifiers.id_Ed25519));

	private final PrivateKey key;

	private final String algorithm;

	private final ByteArrayOutputStream content = new ByteArrayOutputStream();

	RequestSignature(KeyPair keys) {
		this.key = keys.getPrivate();
		this.algorithm = KeySpecification.signatureAlgorithm(keys.getPublic());
	}

	@Override
	public AlgorithmIdentifier getAlgorithmIdentifier() {
		return Objects.requireNonNull(ALGORITHMS.get(this.algorithm), this.algorithm);
	}

	@Override
	public OutputStream getOutputStream() {
		return this.content;
	}

	@Override
	public byte[] getSignature() {
		try {
			return EllipticCurves.sign(this.algorithm, this.key, this.content.toByteArray());
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalArgumentException("The key cannot sign a request", ex);
		}
	}

}
