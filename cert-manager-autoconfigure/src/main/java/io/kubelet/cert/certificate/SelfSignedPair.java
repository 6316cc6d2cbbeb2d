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
 * A self-signed pair, for places where there has to be one but none has been issued.
 */
public final class SelfSignedPair {

	private static final Date EVER = new Date(0);

	/** The date that stands for "no end" in RFC 5280. */
	private static final Date NEVER = Date.from(Instant.parse("9999-12-31T23:59:59Z"));

	private SelfSignedPair() {
	}

	/**
	 * Creates a pair with a new key (EC P-256). It is valid at all times, so that health
	 * checks do not report it as expired. Nobody trusts it.
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
			return CertificatePair.of(List.of(certificate), keys);
		}
		catch (GeneralSecurityException | OperatorCreationException ex) {
			throw new IllegalStateException("This JDK cannot make a self-signed certificate", ex);
		}
	}

}
