package io.kubelet.cert.test.pki;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.AttributeTypeAndValue;
import org.bouncycastle.asn1.x500.RDN;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x500.style.IETFUtils;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.Extensions;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentVerifierProviderBuilder;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.pkcs.PKCSException;
import org.bouncycastle.util.io.pem.PemObject;
import org.jspecify.annotations.Nullable;

/**
 * A PKCS#10 request, read.
 *
 * @param subject the subject
 * @param publicKey the key to be certified
 * @param alternativeNames the subject alternative names, of the kinds that the signers
 * know: DNS names, then email addresses, IP addresses and URIs
 * @param usages the usages; {@code null} if it has none
 */
public record SigningRequest(X500Name subject, SubjectPublicKeyInfo publicKey, List<GeneralName> alternativeNames,
		@Nullable Usages usages) {

	private static final List<Integer> KINDS = List.of(GeneralName.dNSName, GeneralName.rfc822Name,
			GeneralName.iPAddress, GeneralName.uniformResourceIdentifier);

	/** Creating a provider takes several milliseconds, so there is only one. */
	private static final JcaContentVerifierProviderBuilder VERIFIERS = new JcaContentVerifierProviderBuilder()
		.setProvider(new BouncyCastleProvider());

	/**
	 * Reads and verifies a request.
	 * @param pem the PEM text
	 * @return the request
	 * @throws IllegalArgumentException if there is no request in the text, or if its
	 * signature is wrong; the message is the API server's
	 */
	public static SigningRequest parse(String pem) {
		return parse(block(pem));
	}

	/**
	 * Reads and verifies a request, whatever the type of its block.
	 * @param block the PEM block
	 * @return the request
	 * @throws IllegalArgumentException if it is no request, or if its signature is wrong
	 */
	public static SigningRequest parse(PemObject block) {
		PKCS10CertificationRequest pkcs10 = read(block);
		try {
			if (!pkcs10.isSignatureValid(VERIFIERS.build(pkcs10.getSubjectPublicKeyInfo()))) {
				throw new IllegalArgumentException("x509: signature verification failure");
			}
			return of(pkcs10);
		}
		catch (OperatorCreationException | PKCSException ex) {
			throw malformed(ex);
		}
	}

	/** Reads a request that was verified before. */
	public static SigningRequest of(String pem) {
		return of(read(block(pem)));
	}

	private static SigningRequest of(PKCS10CertificationRequest pkcs10) {
		return new SigningRequest(pkcs10.getSubject(), pkcs10.getSubjectPublicKeyInfo(), alternativeNames(pkcs10),
				Usages.of(pkcs10.getRequestedExtensions()));
	}

	private static PemObject block(String pem) {
		List<PemObject> blocks = Pem.read(pem);
		if (blocks.isEmpty() || !blocks.get(0).getType().equals("CERTIFICATE REQUEST")) {
			throw new IllegalArgumentException("PEM block type must be CERTIFICATE REQUEST");
		}
		return blocks.get(0);
	}

	private static PKCS10CertificationRequest read(PemObject block) {
		try {
			return new PKCS10CertificationRequest(block.getContent());
		}
		catch (IOException ex) {
			throw malformed(ex);
		}
	}

	private static IllegalArgumentException malformed(Exception cause) {
		return new IllegalArgumentException("asn1: structure error: " + cause.getMessage(), cause);
	}

	private static List<GeneralName> alternativeNames(PKCS10CertificationRequest pkcs10) {
		Extensions extensions = pkcs10.getRequestedExtensions();
		GeneralNames names = (extensions != null)
				? GeneralNames.fromExtensions(extensions, Extension.subjectAlternativeName) : null;
		if (names == null) {
			return List.of();
		}
		List<GeneralName> ordered = new ArrayList<>();
		for (int kind : KINDS) {
			Arrays.stream(names.getNames()).filter((name) -> name.getTagNo() == kind).forEach(ordered::add);
		}
		return ordered;
	}

	public String commonName() {
		List<String> names = attributes(this.subject, BCStyle.CN);
		return names.isEmpty() ? "" : names.get(names.size() - 1);
	}

	public List<String> organizations() {
		return attributes(this.subject, BCStyle.O);
	}

	public boolean has(int kind) {
		return this.alternativeNames.stream().anyMatch((name) -> name.getTagNo() == kind);
	}

	public List<String> dnsNames() {
		return this.alternativeNames.stream()
			.filter((name) -> name.getTagNo() == GeneralName.dNSName)
			.map((name) -> name.getName().toString())
			.toList();
	}

	public List<String> ipAddresses() {
		return this.alternativeNames.stream()
			.filter((name) -> name.getTagNo() == GeneralName.iPAddress)
			.map((name) -> address(ASN1OctetString.getInstance(name.getName()).getOctets()))
			.toList();
	}

	private static String address(byte[] octets) {
		try {
			return InetAddress.getByAddress(octets).getHostAddress();
		}
		catch (UnknownHostException ex) {
			return "";
		}
	}

	/** The values of an attribute of a name, those in multi-valued parts included. */
	public static List<String> attributes(X500Name name, ASN1ObjectIdentifier type) {
		List<String> values = new ArrayList<>();
		for (RDN rdn : name.getRDNs()) {
			for (AttributeTypeAndValue attribute : rdn.getTypesAndValues()) {
				if (attribute.getType().equals(type)) {
					values.add(IETFUtils.valueToString(attribute.getValue()));
				}
			}
		}
		return values;
	}

}
