package io.kubelet.cert.actuate;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.util.List;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;

/**
 * The subject alternative names of a certificate, cleaned to be shown.
 */
record AlternativeNames(List<String> dnsNames, List<String> ipAddresses, List<String> uris,
		List<String> emailAddresses) {

	/** A pair of another program may have names that the JDK cannot read. */
	static AlternativeNames of(X509Certificate certificate) {
		CertificateTemplate names;
		try {
			names = CertificateTemplate.of(certificate);
		}
		catch (IllegalArgumentException ex) {
			names = CertificateTemplate.ofSubject(null);
		}
		return new AlternativeNames(clean(names.dnsNames()), text(names.ipAddresses()), clean(names.uris()),
				clean(names.emailAddresses()));
	}

	static List<String> text(List<InetAddress> addresses) {
		return addresses.stream().map(InetAddress::getHostAddress).toList();
	}

	private static List<String> clean(List<String> names) {
		return names.stream().map(ExternalText::clean).toList();
	}

}
