package io.kubelet.cert.test.pki;

import java.io.IOException;
import java.math.BigInteger;
import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.SecureRandom;
import java.security.cert.X509Certificate;
import java.security.spec.ECGenParameterSpec;
import java.time.Instant;
import java.util.Collection;
import java.util.Date;
import java.util.List;

import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;

/**
 * A certificate authority with a P-256 key, which issues certificates of the form that
 * the signers of a cluster give them.
 */
public final class CertificateAuthority {

	/** Valid whatever clock the control plane is given. */
	private static final Instant NOT_BEFORE = Instant.parse("2000-01-01T00:00:00Z");

	private static final Instant NOT_AFTER = Instant.parse("2099-12-31T23:59:59Z");

	private static final SecureRandom RANDOM = new SecureRandom();

	private final KeyPair key;

	private final X500Name name;

	private final X509Certificate certificate;

	private CertificateAuthority(KeyPair key, X500Name name, X509Certificate certificate) {
		this.key = key;
		this.name = name;
		this.certificate = certificate;
	}

	public static CertificateAuthority create(String commonName) {
		KeyPair key = generateKey();
		X500Name name = name(commonName, List.of());
		X509Certificate certificate = certify(key, name, name,
				SubjectPublicKeyInfo.getInstance(key.getPublic().getEncoded()), NOT_BEFORE, NOT_AFTER, Usages.AUTHORITY,
				List.of());
		return new CertificateAuthority(key, name, certificate);
	}

	public X509Certificate certificate() {
		return this.certificate;
	}

	public Instant notBefore() {
		return this.certificate.getNotBefore().toInstant();
	}

	public Instant notAfter() {
		return this.certificate.getNotAfter().toInstant();
	}

	/**
	 * Issue a certificate.
	 * @param usages the usages, in the API's words
	 */
	public X509Certificate issue(X500Name subject, SubjectPublicKeyInfo publicKey, Instant notBefore, Instant notAfter,
			Collection<String> usages, List<GeneralName> alternativeNames) {
		return certify(this.key, this.name, subject, publicKey, notBefore, notAfter, Usages.of(usages),
				alternativeNames);
	}

	public boolean hasIssued(X509Certificate other) {
		try {
			other.verify(this.key.getPublic());
			return other.getIssuerX500Principal().equals(this.certificate.getSubjectX500Principal());
		}
		catch (GeneralSecurityException ex) {
			return false;
		}
	}

	public static KeyPair generateKey() {
		try {
			KeyPairGenerator generator = KeyPairGenerator.getInstance("EC");
			generator.initialize(new ECGenParameterSpec("secp256r1"));
			return generator.generateKeyPair();
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException("This JVM makes no P-256 keys", ex);
		}
	}

	public static X500Name name(String commonName, Collection<String> organizations) {
		X500NameBuilder builder = new X500NameBuilder();
		if (!organizations.isEmpty()) {
			ASN1ObjectIdentifier[] types = organizations.stream()
				.map((organization) -> BCStyle.O)
				.toArray(ASN1ObjectIdentifier[]::new);
			builder.addMultiValuedRDN(types, organizations.toArray(String[]::new));
		}
		return builder.addRDN(BCStyle.CN, commonName).build();
	}

	private static X509Certificate certify(KeyPair issuerKey, X500Name issuer, X500Name subject,
			SubjectPublicKeyInfo publicKey, Instant notBefore, Instant notAfter, Usages usages,
			List<GeneralName> alternativeNames) {
		try {
			X509v3CertificateBuilder builder = new X509v3CertificateBuilder(issuer,
					new BigInteger(127, RANDOM).add(BigInteger.ONE), Date.from(notBefore), Date.from(notAfter), subject,
					publicKey);
			JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
			if (usages.keyUsage() != 0) {
				builder.addExtension(Extension.keyUsage, true, new KeyUsage(usages.keyUsage()));
			}
			if (!usages.purposes().isEmpty()) {
				builder.addExtension(Extension.extendedKeyUsage, false,
						new ExtendedKeyUsage(usages.purposes().toArray(KeyPurposeId[]::new)));
			}
			builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(usages.authority()));
			if (usages.authority()) {
				builder.addExtension(Extension.subjectKeyIdentifier, false,
						identifiers.createSubjectKeyIdentifier(publicKey));
			}
			builder.addExtension(Extension.authorityKeyIdentifier, false,
					identifiers.createAuthorityKeyIdentifier(issuerKey.getPublic()));
			if (!alternativeNames.isEmpty()) {
				builder.addExtension(Extension.subjectAlternativeName, subject.getRDNs().length == 0,
						new GeneralNames(alternativeNames.toArray(GeneralName[]::new)));
			}
			return new JcaX509CertificateConverter().getCertificate(
					builder.build(new JcaContentSignerBuilder("SHA256withECDSA").build(issuerKey.getPrivate())));
		}
		catch (GeneralSecurityException | OperatorCreationException | IOException ex) {
			throw new IllegalStateException("The certificate for " + subject + " cannot be made", ex);
		}
	}

}
