package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.StringReader;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.util.io.pem.PemHeader;
import org.bouncycastle.util.io.pem.PemObject;
import org.bouncycastle.util.io.pem.PemReader;
import org.jspecify.annotations.Nullable;

/**
 * A {@link CertificateRequest} as PEM: the PKCS#10 request, with what the Kubernetes
 * object says beyond it as headers (RFC 1421, 4.4), then the private key.
 */
public final class CertificateRequestPem {

	private static final String TYPE = "CERTIFICATE REQUEST";

	private CertificateRequestPem() {
	}

	/**
	 * Write a request. The text holds its private key.
	 * @param request the request
	 * @return the PEM
	 */
	public static String write(CertificateRequest request) {
		List<PemHeader> headers = new ArrayList<>();
		add(headers, "Name", request.name());
		add(headers, "Uid", request.uid());
		add(headers, "Created-At", request.createdAt());
		add(headers, "Signer-Name", request.signerName());
		add(headers, "Usages", String.join(",", request.usages().stream().map(Usage::value).toList()));
		add(headers, "Requested-Lifetime", request.requestedLifetime());
		return Pem.writeBlocks(List.of(new PemObject(TYPE, headers, block(request.pkcs10()).getContent()),
				PrivateKeyPem.block(request.privateKey(), request.publicKey())));
	}

	/**
	 * Write a PKCS#10 request alone.
	 * @param pkcs10 its DER form
	 * @return one {@code CERTIFICATE REQUEST} block
	 */
	public static String ofPkcs10(byte[] pkcs10) {
		return Pem.writeBlocks(List.of(new PemObject(TYPE, pkcs10)));
	}

	/**
	 * Read a request that was written with {@link #write(CertificateRequest)}.
	 * @param text the PEM
	 * @return the request
	 * @throws MalformedPemException if it is not a whole request
	 */
	public static CertificateRequest read(String text) {
		PemObject block = block(text);
		Map<String, String> headers = new HashMap<>();
		for (Object header : block.getHeaders()) {
			headers.put(((PemHeader) header).getName(), ((PemHeader) header).getValue());
		}
		try {
			PKCS10CertificationRequest pkcs10 = new PKCS10CertificationRequest(block.getContent());
			PublicKey publicKey = EncodedKeys.publicKey(pkcs10.getSubjectPublicKeyInfo());
			PrivateKey privateKey = Pem.readPrivateKey(text);
			requireWhole(pkcs10, publicKey, privateKey);
			return new CertificateRequest(headers.get("Name"), headers.get("Uid"),
					parse(headers.get("Created-At"), Instant::parse), CertificateNames.of(pkcs10),
					required(headers, "Signer-Name"),
					Arrays.stream(required(headers, "Usages").split(",")).map(Usage::of).toList(),
					parse(headers.get("Requested-Lifetime"), Duration::parse), ofPkcs10(block.getContent()), publicKey,
					privateKey);
		}
		catch (MalformedPemException ex) {
			throw ex;
		}
		catch (IOException | GeneralSecurityException | OperatorCreationException | PKCSException
				| RuntimeException ex) {
			throw new MalformedPemException("The certificate signing request cannot be read: " + ex.getMessage(), ex);
		}
	}

	/** A damaged request would be rejected, or bring a certificate without its key. */
	private static void requireWhole(PKCS10CertificationRequest pkcs10, PublicKey publicKey, PrivateKey privateKey)
			throws OperatorCreationException, PKCSException {
		if (!pkcs10.isSignatureValid(new JcaContentVerifierProviderBuilder().build(publicKey))) {
			throw new MalformedPemException("The certificate signing request is not signed with its own key");
		}
		if (!CertificatePair.belongTogether(publicKey, privateKey)) {
			throw new MalformedPemException("The private key is not that of the certificate signing request");
		}
	}

	private static PemObject block(String text) {
		try (PemReader reader = new PemReader(new StringReader(text))) {
			for (PemObject block = reader.readPemObject(); block != null; block = reader.readPemObject()) {
				if (block.getType().equals(TYPE)) {
					return block;
				}
			}
		}
		catch (IOException | RuntimeException ex) {
			throw new MalformedPemException("A PEM block cannot be read: " + ex.getMessage(), ex);
		}
		throw new MalformedPemException("There is no " + TYPE + " block");
	}

	private static String required(Map<String, String> headers, String name) {
		String value = headers.get(name);
		if (value == null) {
			throw new MalformedPemException("The header " + name + " is missing");
		}
		return value;
	}

	private static <T> @Nullable T parse(@Nullable String value, Function<String, T> parser) {
		return (value != null) ? parser.apply(value) : null;
	}

	private static void add(List<PemHeader> headers, String name, @Nullable Object value) {
		if (value != null) {
			headers.add(new PemHeader(name, value.toString()));
		}
	}

}
