package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

import javax.security.auth.x500.X500Principal;

import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.jspecify.annotations.Nullable;

/**
 * Reads and writes a {@link CertificateRequest} as PEM: the PKCS#10 request, with the
 * other fields of the Kubernetes object as headers (RFC 1421, 4.4), then the private key.
 */
public final class CertificateRequestPem {

	private static final String TYPE = "CERTIFICATE REQUEST";

	private static final String BEGIN = "-----BEGIN " + TYPE + "-----\n";

	private CertificateRequestPem() {
	}

	/**
	 * Writes a request. The text contains its private key.
	 * @param request the request
	 * @return the PEM
	 */
	public static String write(CertificateRequest request) {
		if (!request.pkcs10().startsWith(BEGIN)) {
			throw new IllegalArgumentException("The request is not PEM");
		}
		StringBuilder text = new StringBuilder(BEGIN);
		add(text, "Name", request.name());
		add(text, "Uid", request.uid());
		add(text, "Created-At", request.createdAt());
		add(text, "Signer-Name", request.signerName());
		add(text, "Usages", String.join(",", request.usages().stream().map(Usage::value).toList()));
		add(text, "Requested-Lifetime", request.requestedLifetime());
		return text.append('\n')
			.append(request.pkcs10(), BEGIN.length(), request.pkcs10().length())
			.append(PrivateKeyPem.block(request.privateKey(), request.publicKey()).write())
			.toString();
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
	 * Reads a request that was written with {@link #write(CertificateRequest)}. It proves
	 * once that the private key is the one that the request is for.
	 * @param text the PEM
	 * @return the request
	 * @throws MalformedPemException if the text does not hold an intact request
	 */
	public static CertificateRequest read(String text) {
		PemBlock block = PemBlock.read(text)
			.stream()
			.filter((candidate) -> candidate.type().equals(TYPE))
			.findFirst()
			.orElseThrow(() -> new MalformedPemException("There is no " + TYPE + " block"));
		Map<String, String> headers = block.headers();
		String signerName = required(headers, "Signer-Name");
		List<Usage> usages = parse("Usages", required(headers, "Usages"), CertificateRequestPem::usages);
		Instant createdAt = optional(headers, "Created-At", Instant::parse);
		Duration requestedLifetime = optional(headers, "Requested-Lifetime", Duration::parse);
		try {
			PKCS10CertificationRequest pkcs10 = new PKCS10CertificationRequest(block.content());
			PublicKey publicKey = EncodedKeys.publicKey(pkcs10.getSubjectPublicKeyInfo().getEncoded());
			PrivateKey privateKey = Pem.readPrivateKey(text);
			requireWhole(pkcs10, publicKey, privateKey);
			return new CertificateRequest(headers.get("Name"), headers.get("Uid"), createdAt, template(pkcs10),
					signerName, usages, requestedLifetime, ofPkcs10(block.content()), publicKey, privateKey);
		}
		catch (MalformedPemException ex) {
			throw ex;
		}
		catch (IOException | GeneralSecurityException | OperatorCreationException | PKCSException
				| RuntimeException ex) {
			throw new MalformedPemException("The certificate signing request cannot be read");
		}
	}

	/**
	 * A damaged request would be rejected, or would lead to a certificate without a key.
	 */
	private static void requireWhole(PKCS10CertificationRequest pkcs10, PublicKey publicKey, PrivateKey privateKey)
			throws OperatorCreationException, PKCSException {
		if (!pkcs10.isSignatureValid(new JcaContentVerifierProviderBuilder().build(publicKey))) {
			throw new MalformedPemException("The certificate signing request is not signed with its own key");
		}
		if (!CertificatePair.belongTogether(publicKey, privateKey)) {
			throw new MalformedPemException("The private key does not belong to the certificate signing request");
		}
	}

	private static CertificateTemplate template(PKCS10CertificationRequest request) {
		List<String> dnsNames = new ArrayList<>();
		List<InetAddress> ipAddresses = new ArrayList<>();
		List<String> uris = new ArrayList<>();
		List<String> emailAddresses = new ArrayList<>();
		for (GeneralName name : alternativeNames(request)) {
			switch (name.getTagNo()) {
				case GeneralName.dNSName -> dnsNames.add(name.getName().toString());
				case GeneralName.uniformResourceIdentifier -> uris.add(name.getName().toString());
				case GeneralName.rfc822Name -> emailAddresses.add(name.getName().toString());
				case GeneralName.iPAddress -> ipAddresses.add(address(name));
				default -> {
					// Of a kind that a template cannot ask for
				}
			}
		}
		X500Principal subject = subject(request);
		return new CertificateTemplate(CertificateNames.commonName(subject), CertificateNames.values(subject, "O"),
				dnsNames, ipAddresses, uris, emailAddresses);
	}

	private static GeneralName[] alternativeNames(PKCS10CertificationRequest request) {
		Extension extension = (request.getRequestedExtensions() != null)
				? request.getRequestedExtensions().getExtension(Extension.subjectAlternativeName) : null;
		return (extension != null) ? GeneralNames.getInstance(extension.getParsedValue()).getNames()
				: new GeneralName[0];
	}

	private static X500Principal subject(PKCS10CertificationRequest request) {
		try {
			return new X500Principal(request.getSubject().getEncoded());
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static InetAddress address(GeneralName name) {
		try {
			return InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName()).getOctets());
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException("IP address of an illegal length", ex);
		}
	}

	private static String required(Map<String, String> headers, String name) {
		String value = headers.get(name);
		if (value == null) {
			throw new MalformedPemException("The header " + name + " is missing");
		}
		return value;
	}

	private static <T> @Nullable T optional(Map<String, String> headers, String name, Function<String, T> parser) {
		String value = headers.get(name);
		return (value != null) ? parse(name, value, parser) : null;
	}

	/** A header may hold anything, so the message does not quote it. */
	private static <T> T parse(String name, String value, Function<String, T> parser) {
		try {
			return parser.apply(value);
		}
		catch (RuntimeException ex) {
			throw new MalformedPemException("The header " + name + " cannot be read");
		}
	}

	private static List<Usage> usages(String value) {
		return Arrays.stream(value.split(",")).map(Usage::of).toList();
	}

	private static void add(StringBuilder text, String name, @Nullable Object value) {
		if (value != null) {
			text.append(name).append(": ").append(value).append('\n');
		}
	}

}
