package io.kubelet.cert.certificate;

import java.io.IOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;
import org.bouncycastle.util.IPAddress;
import org.jspecify.annotations.Nullable;

/**
 * Reads the names in a certificate or in a certificate signing request.
 */
public final class CertificateNames {

	private CertificateNames() {
	}

	/**
	 * Returns the names in a certificate, as the template that it satisfies exactly.
	 * @param certificate the certificate
	 * @return the names in it
	 * @throws IllegalArgumentException if its subject alternative names cannot be read
	 */
	public static CertificateTemplate of(X509Certificate certificate) {
		try {
			byte[] extension = certificate.getExtensionValue(Extension.subjectAlternativeName.getId());
			GeneralNames names = (extension != null)
					? GeneralNames.getInstance(JcaX509ExtensionUtils.parseExtensionValue(extension)) : null;
			return of(subject(certificate), names);
		}
		catch (IOException | RuntimeException ex) {
			throw new IllegalArgumentException("The subject alternative names of the certificate with serial number "
					+ serialNumber(certificate) + " cannot be read", ex);
		}
	}

	/**
	 * Returns the common name of a certificate's subject.
	 * @param certificate the certificate
	 * @return the first common name, {@code null} if there is none
	 */
	public static @Nullable String commonName(X509Certificate certificate) {
		return values(subject(certificate), BCStyle.CN).stream().findFirst().orElse(null);
	}

	/**
	 * Returns the names that a PKCS#10 request asks for.
	 * @param request the request
	 * @return the names in it
	 */
	public static CertificateTemplate of(PKCS10CertificationRequest request) {
		Extension extension = (request.getRequestedExtensions() != null)
				? request.getRequestedExtensions().getExtension(Extension.subjectAlternativeName) : null;
		return of(request.getSubject(),
				(extension != null) ? GeneralNames.getInstance(extension.getParsedValue()) : null);
	}

	/**
	 * Parses the textual form of an IP address. It never asks a name server.
	 * @param address an IPv4 or IPv6 address
	 * @return the address
	 * @throws IllegalArgumentException if it is not an IP address
	 */
	public static InetAddress parseIpAddress(String address) {
		if (!IPAddress.isValid(address)) {
			throw new IllegalArgumentException("'" + address + "' is not an IP address");
		}
		try {
			return InetAddress.getByName(address);
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException("'" + address + "' is not an IP address", ex);
		}
	}

	/**
	 * Returns a certificate's serial number in the form that logs and endpoints show.
	 * @param certificate the certificate
	 * @return lower-case hexadecimal digits, an even number of them
	 */
	public static String serialNumber(X509Certificate certificate) {
		String digits = certificate.getSerialNumber().toString(16);
		return (digits.length() % 2 == 0) ? digits : "0" + digits;
	}

	private static CertificateTemplate of(X500Name subject, @Nullable GeneralNames names) {
		List<String> dnsNames = new ArrayList<>();
		List<InetAddress> ipAddresses = new ArrayList<>();
		List<String> uris = new ArrayList<>();
		List<String> emailAddresses = new ArrayList<>();
		for (GeneralName name : (names != null) ? names.getNames() : new GeneralName[0]) {
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
		return new CertificateTemplate(values(subject, BCStyle.CN).stream().findFirst().orElse(null),
				values(subject, BCStyle.O), dnsNames, ipAddresses, uris, emailAddresses);
	}

	private static X500Name subject(X509Certificate certificate) {
		return X500Name.getInstance(certificate.getSubjectX500Principal().getEncoded());
	}

	private static List<String> values(X500Name subject, ASN1ObjectIdentifier type) {
		return Arrays.stream(subject.getRDNs(type))
			.flatMap((rdn) -> Arrays.stream(rdn.getTypesAndValues()))
			.filter((value) -> value.getType().equals(type))
			.map((value) -> value.getValue().toString())
			.toList();
	}

	private static InetAddress address(GeneralName name) {
		try {
			return InetAddress.getByAddress(ASN1OctetString.getInstance(name.getName()).getOctets());
		}
		catch (UnknownHostException ex) {
			throw new IllegalArgumentException("IP address of an illegal length", ex);
		}
	}

}
