package io.kubelet.cert.certificate;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes a {@link PendingRequest} that was not sent yet as PEM: the PKCS#10
 * request, with what it asks for as headers (RFC 1421, 4.4), then the private key.
 */
public final class CertificateRequestPem {

	/** Names appear in the log, and somebody else may have written the text. */
	private static final Pattern OBJECT_NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}");

	private static final Pattern SIGNER_NAME = Pattern.compile("[A-Za-z0-9./_:-]{1,800}");

	private static final String TYPE = "CERTIFICATE REQUEST";

	private static final String BEGIN = "-----BEGIN " + TYPE + "-----\n";

	private CertificateRequestPem() {
	}

	/**
	 * Writes a request, without the identity of its object. The text contains its private
	 * key.
	 * @param pending the request
	 * @return the PEM
	 */
	public static String write(PendingRequest pending) {
		CertificateRequest request = pending.request();
		CertificateTemplate template = request.template();
		KeySpecification key = pending.key();
		StringBuilder text = new StringBuilder(BEGIN);
		add(text, "Name", Stream.ofNullable(request.name()));
		add(text, "Signer-Name", Stream.of(request.signerName()));
		add(text, "Usages", request.usages().stream());
		add(text, "Requested-Lifetime", Stream.ofNullable(request.requestedLifetime()));
		add(text, "Key",
				(key != null) ? Stream.of(key.algorithm().name(), String.valueOf(key.size())) : Stream.empty());
		add(text, "Replaces", Stream.ofNullable(pending.replaces()));
		add(text, "Common-Name", Stream.ofNullable(template.commonName()));
		add(text, "Organizations", template.organizations().stream());
		add(text, "DNS-Names", template.dnsNames().stream());
		add(text, "IP-Addresses", template.ipAddresses().stream().map(InetAddress::getHostAddress));
		add(text, "URIs", template.uris().stream());
		add(text, "Email-Addresses", template.emailAddresses().stream());
		return text.append('\n')
			.append(request.pkcs10(), BEGIN.length(), request.pkcs10().length())
			.append(EncodedKeys.privateKeyBlock(pending.privateKey(), request.publicKey()).write())
			.toString();
	}

	private static void add(StringBuilder text, String name, Stream<?> values) {
		String value = values.map((item) -> URLEncoder.encode(item.toString(), StandardCharsets.UTF_8))
			.collect(Collectors.joining(","));
		if (!value.isEmpty()) {
			text.append(name).append(": ").append(value).append('\n');
		}
	}

	/**
	 * Writes a PKCS#10 request alone.
	 * @param pkcs10 its DER form
	 * @return one {@code CERTIFICATE REQUEST} block
	 */
	public static String ofPkcs10(byte[] pkcs10) {
		return new PemBlock(TYPE, pkcs10).write();
	}

	/**
	 * Reads a request that was written with {@link #write(PendingRequest)}. It proves
	 * once that the private key is the one that the request is for.
	 * @param text the PEM
	 * @return the request
	 * @throws MalformedPemException if the text does not hold an intact request
	 */
	public static PendingRequest read(String text) {
		PemBlock block = block(text);
		PrivateKey privateKey = Pem.readPrivateKey(text);
		try {
			PKCS10CertificationRequest pkcs10 = new PKCS10CertificationRequest(block.content());
			PublicKey publicKey = EncodedKeys.publicKey(pkcs10.getSubjectPublicKeyInfo().getEncoded());
			if (!isSignedWith(pkcs10, publicKey) || !CertificatePair.belongTogether(publicKey, privateKey)) {
				throw new MalformedPemException(
						"The certificate signing request, its signature and the private key do not belong together");
			}
			Map<String, String> headers = block.headers();
			CertificateTemplate template = new CertificateTemplate(first(headers, "Common-Name"),
					all(headers, "Organizations"), all(headers, "DNS-Names"),
					all(headers, "IP-Addresses").stream().map(CertificateNames::parseIpAddress).toList(),
					all(headers, "URIs"), all(headers, "Email-Addresses"));
			String lifetime = first(headers, "Requested-Lifetime");
			String name = first(headers, "Name");
			String signerName = Objects.requireNonNull(first(headers, "Signer-Name"));
			if ((name != null && !OBJECT_NAME.matcher(name).matches()) || !SIGNER_NAME.matcher(signerName).matches()) {
				throw new MalformedPemException("The name of the request or of its signer is not a name");
			}
			CertificateRequest request = new CertificateRequest(name, null, null, template, signerName,
					all(headers, "Usages").stream().map(Usage::of).toList(),
					(lifetime != null) ? Duration.parse(lifetime) : null, ofPkcs10(block.content()), publicKey);
			return new PendingRequest(request, privateKey, key(all(headers, "Key")), first(headers, "Replaces"));
		}
		catch (MalformedPemException ex) {
			throw ex;
		}
		catch (IOException | GeneralSecurityException | RuntimeException ex) {
			// A cause may quote the text
			throw new MalformedPemException("The certificate signing request cannot be read");
		}
	}

	/**
	 * Reads a PKCS#10 request alone.
	 * @param text the PEM
	 * @return the request
	 * @throws MalformedPemException if the text does not hold an intact request
	 */
	public static PKCS10CertificationRequest readPkcs10(String text) {
		try {
			return new PKCS10CertificationRequest(block(text).content());
		}
		catch (IOException | RuntimeException ex) {
			throw PemBlock.damaged();
		}
	}

	/**
	 * Verifies the signature of a PKCS#10 request.
	 * @param request the request
	 * @param key the key
	 * @return whether the request is signed with the key
	 */
	public static boolean isSignedWith(PKCS10CertificationRequest request, PublicKey key) {
		try {
			return request.isSignatureValid(new JcaContentVerifierProviderBuilder().build(key));
		}
		catch (OperatorCreationException | PKCSException | RuntimeException ex) {
			return false;
		}
	}

	private static PemBlock block(String text) {
		return PemBlock.read(text)
			.stream()
			.filter((candidate) -> candidate.type().equals(TYPE))
			.findFirst()
			.orElseThrow(() -> new MalformedPemException("There is no " + TYPE + " block"));
	}

	private static @Nullable KeySpecification key(List<String> values) {
		return values.isEmpty() ? null : new KeySpecification(KeySpecification.Algorithm.valueOf(values.get(0)),
				Integer.parseInt(values.get(1)));
	}

	private static @Nullable String first(Map<String, String> headers, String name) {
		return all(headers, name).stream().findFirst().orElse(null);
	}

	private static List<String> all(Map<String, String> headers, String name) {
		return Stream.of(headers.getOrDefault(name, "").split(","))
			.filter((item) -> !item.isEmpty())
			.map((item) -> URLDecoder.decode(item, StandardCharsets.UTF_8))
			.toList();
	}

}
