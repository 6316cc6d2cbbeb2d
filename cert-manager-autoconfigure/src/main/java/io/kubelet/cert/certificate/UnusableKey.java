package io.kubelet.cert.certificate;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.Date;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A key and its certificate for key stores and trust stores that must not be empty. The
 * key is one for key agreement (X25519): it cannot sign, so no TLS handshake succeeds
 * with it, and no certificate can be issued with it.
 *
 * @param key the private key
 * @param certificate its certificate
 */
record UnusableKey(PrivateKey key, X509Certificate certificate) {

	private static final Date START = new Date(0);

	/** The end that RFC 5280 defines for certificates without an end. */
	private static final Date END = Date.from(Instant.parse("9999-12-31T23:59:59Z"));

	/**
	 * Creates a new key. Its certificate is valid at all times, so that checks of the
	 * store report no expired certificate.
	 * @param commonName the subject's common name, which says why this is here
	 * @return the key
	 */
	static UnusableKey create(String commonName) {
		try {
			KeyPair keys = KeyPairGenerator.getInstance("X25519").generateKeyPair();
			KeyPair signer = KeyPairGenerator.getInstance("EC").generateKeyPair();
			X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
			X509Certificate certificate = new JcaX509CertificateConverter()
				.getCertificate(new JcaX509v3CertificateBuilder(subject, new BigInteger(63, new SecureRandom()), START,
						END, subject, keys.getPublic())
					.build(new JcaContentSignerBuilder("SHA256withECDSA").build(signer.getPrivate())));
			return new UnusableKey(keys.getPrivate(), certificate);
		}
		catch (GeneralSecurityException | OperatorCreationException ex) {
			throw new IllegalStateException("Cannot create a placeholder for a key store", ex);
		}
	}

	@Override
	public String toString() {
		return "UnusableKey[" + ExternalText.subject(this.certificate) + "]";
	}

}
