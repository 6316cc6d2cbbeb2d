package io.kubelet.cert.certificate.peers;

import java.io.IOException;
import java.security.cert.CertificateException;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateChain;
import io.kubelet.cert.certificate.ExternalText;

/**
 * The name constraints of authorities that are trusted themselves (RFC 5280, 4.2.1.10).
 * The JDK applies those of the other authorities in a chain only.
 */
public final class NameConstraints {

	private static final String EXTENSION = "2.5.29.30";

	private NameConstraints() {
	}

	/**
	 * Requires that a verified certificate complies with the constraints of each trusted
	 * authority that has signed a certificate of its chain.
	 * @param chain the chain, which is verified
	 * @param authorities the trusted authorities
	 * @throws CertificateException if the certificate does not, or cannot be compared
	 */
	public static void require(X509Certificate[] chain, X509Certificate[] authorities) throws CertificateException {
		for (X509Certificate authority : authorities) {
			byte[] extension = authority.getExtensionValue(EXTENSION);
			if (extension != null && Stream.of(chain).anyMatch((signed) -> isIssuer(authority, signed))
					&& !selector(extension).match(chain[0])) {
				throw new CertificateException("The authority '%s' must not issue a certificate with these names"
					.formatted(ExternalText.subject(authority)));
			}
		}
	}

	private static boolean isIssuer(X509Certificate authority, X509Certificate signed) {
		return CertificateChain.isNamedAsIssuer(authority, signed) && CertificateChain.isSignedBy(signed, authority);
	}

	/**
	 * The value of an extension is in an octet string, whose length has 1 byte or more.
	 */
	private static X509CertSelector selector(byte[] extension) throws CertificateException {
		int header = (extension[1] < 0) ? 2 + (extension[1] & 0x7f) : 2;
		X509CertSelector selector = new X509CertSelector();
		try {
			selector.setNameConstraints(Arrays.copyOfRange(extension, header, extension.length));
			return selector;
		}
		catch (IOException ex) {
			throw new CertificateException("The name constraints of an authority cannot be read", ex);
		}
	}

}
