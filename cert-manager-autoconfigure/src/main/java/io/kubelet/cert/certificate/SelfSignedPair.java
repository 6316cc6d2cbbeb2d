package io.kubelet.cert.certificate;

import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A pair that nobody has issued, for where there has to be one.
 */
public final class SelfSignedPair {

	private static final Date EVER = new Date(0);

	/** What RFC 5280 writes where there is no end. */
	private static final Date NEVER = Date.from(Instant.parse("9999-12-31T23:59:59Z"));

	private SelfSignedPair() {
	}

	/**
	 * Create a pair with a key of its own (EC P-256). It is valid at all times, since
	 * health checks take no certificate that has expired for one that is to come; nobody
	 * has reason to trust it.
	 * @param commonName the subject's common name
	 * @return the pair
	 */
	public static CertificatePair create(String commonName) {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec("secp256r1"));
			KeyPair keys = generator.generateKeyPair();
			X500Name subject = new X500NameBuilder().addRDN(BCStyle.CN, commonName).build();
			X509Certificate certificate = new JcaX509CertificateConverter()
				.getCertificate(new JcaX509v3CertificateBuilder(subject, new BigInteger(63, new SecureRandom()), EVER,
						NEVER, subject, keys.getPublic())
					.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate())));
			return new CertificatePair(List.of(certificate), keys.getPrivate());
		}
		catch (GeneralSecurityException | OperatorCreationException ex) {
			throw new IllegalStateException("A pair cannot be made: " + ex.getMessage(), ex);
		}
	}

}
