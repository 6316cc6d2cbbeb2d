package io.kubelet.cert.certificate;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.ArrayList;
import java.util.List;

import javax.security.auth.x500.X500Principal;

import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.pkcs.PKCS10CertificationRequest;

/**
 * Reads the names that a PKCS#10 request asks for.
 */
public final class RequestNames {

	private RequestNames() {
	}

	/**
	 * Returns the names in a request.
	 * @param request the request
	 * @return the names
	 * @throws IllegalArgumentException if they cannot be read
	 */
	public static CertificateTemplate of(PKCS10CertificationRequest request) {
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

}
