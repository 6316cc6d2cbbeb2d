package io.kubelet.cert.testsupport;

import java.io.OutputStream;

import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.operator.ContentSigner;

/**
 * In place of the signature of a certificate, where nobody verifies it.
 */
public final class NoSignature implements ContentSigner {

	@Override
	public AlgorithmIdentifier getAlgorithmIdentifier() {
		return new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
	}

	@Override
	public OutputStream getOutputStream() {
		return OutputStream.nullOutputStream();
	}

	@Override
	public byte[] getSignature() {
		return new byte[] { 48, 6, 2, 1, 1, 2, 1, 1 };
	}

}
