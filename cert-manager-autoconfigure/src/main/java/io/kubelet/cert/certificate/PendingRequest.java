package io.kubelet.cert.certificate;

import java.io.IOException;
import java.net.InetAddress;
import java.net.URLDecoder;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.jspecify.annotations.Nullable;

/**
 * A certificate signing request with its private key: all that is needed to send it, to
 * resume it after a restart, and to use its certificate. {@link #toString()} does not
 * contain the key.
 *
 * @param request what the signer receives
 * @param privateKey the private key of the request's public key
 * @param key the kind of key that was asked for, {@code null} if that is not known
 * @param replaces the serial number of the certificate that it is to replace,
 * {@code null} if there is none
 */
public record PendingRequest(CertificateRequest request, PrivateKey privateKey, @Nullable KeySpecification key,
		@Nullable String replaces) {

	/** Names appear in the log, and somebody else may have written the text. */
	private static final Pattern OBJECT_NAME = Pattern.compile("[A-Za-z0-9._-]{1,253}");

	private static final Pattern SIGNER_NAME = Pattern.compile("[A-Za-z0-9./_:-]{1,800}");

	private static final String BEGIN = "-----BEGIN " + Pkcs10.TYPE + "-----\n";

	/**
	 * Returns the keys of the certificate.
	 * @return the public key of the request, and its private key
	 */
	public KeyPair keys() {
		return new KeyPair(this.request.publicKey(), this.privateKey);
	}

	/**
	 * Whether this request is for a key.
	 * @param publicKey the key
	 * @return {@code true} if a certificate for the key answers this request
	 */
	public boolean hasKey(PublicKey publicKey) {
		return Arrays.equals(publicKey.getEncoded(), this.request.publicKey().getEncoded());
	}

	/**
	 * Whether a pair answers this request.
	 * @param pair the pair, {@code null} for none
	 * @return {@code true} if it has the key of the request
	 */
	public boolean isAnsweredBy(@Nullable CertificatePair pair) {
		return pair != null && hasKey(pair.leaf().getPublicKey());
	}

	/**
	 * Whether this request is to replace a pair.
	 * @param pair the pair, {@code null} for none
	 * @return {@code true} if it is
	 */
	public boolean isToReplace(@Nullable CertificatePair pair) {
		return Objects.equals((pair != null) ? pair.serialNumber() : null, this.replaces);
	}

	/**
	 * Returns this pending request with another request for the same key, such as the
	 * confirmed one.
	 * @param request the request
	 * @return the new pending request
	 */
	public PendingRequest with(CertificateRequest request) {
		return new PendingRequest(request, this.privateKey, this.key, this.replaces);
	}

	/**
	 * Writes this request as PEM, without the identity of its object: the PKCS#10
	 * request, with what it asks for as headers (RFC 1421, 4.4), then the private key.
	 * @return the PEM
	 */
	public String toPem() {
		CertificateTemplate template = this.request.template();
		KeySpecification key = this.key;
		StringBuilder text = new StringBuilder(BEGIN);
		add(text, "Name", Stream.ofNullable(this.request.name()));
		add(text, "Signer-Name", Stream.of(this.request.signer()));
		add(text, "Usages", this.request.usages().stream());
		add(text, "Requested-Lifetime", Stream.ofNullable(this.request.requestedLifetime()));
		add(text, "Key",
				(key != null) ? Stream.of(key.algorithm().name(), String.valueOf(key.size())) : Stream.empty());
		add(text, "Replaces", Stream.ofNullable(this.replaces));
		add(text, "Common-Name", Stream.ofNullable(template.commonName()));
		add(text, "Organizations", template.organizations().stream());
		add(text, "DNS-Names", template.dnsNames().stream());
		add(text, "IP-Addresses", template.ipAddresses().stream().map(InetAddress::getHostAddress));
		add(text, "URIs", template.uris().stream());
		add(text, "Email-Addresses", template.emailAddresses().stream());
		return text.append('\n')
			.append(this.request.pkcs10(), BEGIN.length(), this.request.pkcs10().length())
			.append(EncodedKeys.privateKeyBlock(this.privateKey, this.request.publicKey()).write())
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
	 * Reads a request that was written with {@link #toPem()}. It proves once that the
	 * private key is the one that the request is for.
	 * @param text the PEM
	 * @return the request
	 * @throws MalformedPemException if the text does not hold an intact request
	 */
	public static PendingRequest ofPem(String text) {
		PemBlock block = Pkcs10.block(text);
		PrivateKey privateKey = Pem.readPrivateKey(text);
		try {
			PKCS10CertificationRequest pkcs10 = new PKCS10CertificationRequest(block.content());
			PublicKey publicKey = EncodedKeys.publicKey(pkcs10.getSubjectPublicKeyInfo().getEncoded());
			if (!Pkcs10.isSignedWith(pkcs10, publicKey) || !CertificatePair.belongTogether(publicKey, privateKey)) {
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
			if (name == null || !OBJECT_NAME.matcher(name).matches() || !SIGNER_NAME.matcher(signerName).matches()) {
				throw new MalformedPemException("The name of the request or of its signer is not a name");
			}
			CertificateRequest request = new CertificateRequest(name, null, null, template, Signer.of(signerName),
					all(headers, "Usages").stream().map(Usage::of).toList(),
					(lifetime != null) ? Duration.parse(lifetime) : null, Pem.writeRequest(block.content()), publicKey);
			return new PendingRequest(request, privateKey, key(all(headers, "Key")), first(headers, "Replaces"));
		}
		catch (IOException | GeneralSecurityException | RuntimeException ex) {
			// A cause may quote the text
			throw (ex instanceof MalformedPemException malformed) ? malformed
					: new MalformedPemException("The certificate signing request cannot be read");
		}
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

	@Override
	public String toString() {
		return "PendingRequest[request=%s, replaces=%s]".formatted(this.request, this.replaces);
	}

}
