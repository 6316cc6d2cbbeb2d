package io.kubelet.cert.autoconfigure.kubelet;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Date;
import java.util.List;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.request.KeyPairSource;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * Creates the pair that a kubelet serves with if it neither requests a serving
 * certificate nor is given one (client-go {@code util/cert}): RSA, for one name and a
 * year, signed by an authority whose key is discarded.
 */
public final class SelfSignedPair {

	private static final KeySpecification KEY = new KeySpecification(KeySpecification.Algorithm.RSA, 2048);

	private static final Duration CLOCK_SKEW = Duration.ofHours(1);

	private static final Duration LIFETIME = Duration.ofDays(365);

	private static final int SERIAL_NUMBER_BITS = 63;

	private final X500Name issuer;

	private final KeyPair issuerKeys = KeyPairSource.jdk().generate(KEY);

	private final Instant now;

	private SelfSignedPair(String host, Instant now) {
		this.issuer = name(host + "-ca", now);
		this.now = now;
	}

	/**
	 * Creates a pair. It generates two RSA keys.
	 * @param host the name or IP address of the host
	 * @param now the current time
	 * @return the pair, with the certificate of its authority
	 */
	public static CertificatePair create(String host, Instant now) {
		try {
			return new SelfSignedPair(host, now).create(host);
		}
		catch (GeneralSecurityException | IOException | OperatorCreationException ex) {
			throw new IllegalStateException("This JDK cannot create a self-signed certificate", ex);
		}
	}

	private CertificatePair create(String host)
			throws GeneralSecurityException, IOException, OperatorCreationException {
		JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
		KeyPair keys = KeyPairSource.jdk().generate(KEY);
		X509Certificate leaf = sign(builder(name(host, this.now), keys)
			.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment))
			.addExtension(Extension.extendedKeyUsage, false, new ExtendedKeyUsage(KeyPurposeId.id_kp_serverAuth))
			.addExtension(Extension.basicConstraints, true, new BasicConstraints(false))
			.addExtension(Extension.authorityKeyIdentifier, false,
					identifiers.createAuthorityKeyIdentifier(this.issuerKeys.getPublic()))
			.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(subjectName(host))));
		X509Certificate authority = sign(builder(this.issuer, this.issuerKeys)
			.addExtension(Extension.keyUsage, true,
					new KeyUsage(KeyUsage.digitalSignature | KeyUsage.keyEncipherment | KeyUsage.keyCertSign))
			.addExtension(Extension.basicConstraints, true, new BasicConstraints(true))
			.addExtension(Extension.subjectKeyIdentifier, false,
					identifiers.createSubjectKeyIdentifier(this.issuerKeys.getPublic())));
		return CertificatePair.of(List.of(leaf, authority), keys);
	}

	private X509v3CertificateBuilder builder(X500Name subject, KeyPair keys) {
		Instant notBefore = this.now.minus(CLOCK_SKEW);
		return new JcaX509v3CertificateBuilder(this.issuer,
				new BigInteger(SERIAL_NUMBER_BITS, new SecureRandom()).add(BigInteger.ONE), Date.from(notBefore),
				Date.from(notBefore.plus(LIFETIME)), subject, keys.getPublic());
	}

	private X509Certificate sign(X509v3CertificateBuilder certificate)
			throws GeneralSecurityException, OperatorCreationException {
		return new JcaX509CertificateConverter().getCertificate(
				certificate.build(new JcaContentSignerBuilder("SHA256withRSA").build(this.issuerKeys.getPrivate())));
	}

	private static X500Name name(String host, Instant now) {
		return new X500Name("CN=" + host + "@" + now.getEpochSecond());
	}

	private static GeneralName subjectName(String host) {
		try {
			return new GeneralName(GeneralName.iPAddress, CertificateNames.parseIpAddress(host).getHostAddress());
		}
		catch (IllegalArgumentException ex) {
			return new GeneralName(GeneralName.dNSName, host);
		}
	}

}
