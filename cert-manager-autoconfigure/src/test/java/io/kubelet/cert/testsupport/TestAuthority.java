package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyPair;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.KeyPairSource;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.ExtendedKeyUsage;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.GeneralSubtree;
import org.bouncycastle.asn1.x509.KeyPurposeId;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.asn1.x509.NameConstraints;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509ExtensionUtils;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.ContentSigner;
import org.bouncycastle.operator.OperatorCreationException;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.jspecify.annotations.Nullable;

/**
 * A certificate authority made for a test.
 */
public final class TestAuthority {

	private static final Duration CENTURY = Duration.ofDays(36_500);

	private static final Map<Usage, Integer> KEY_USAGES = Map.of(Usage.DIGITAL_SIGNATURE, KeyUsage.digitalSignature,
			Usage.KEY_ENCIPHERMENT, KeyUsage.keyEncipherment, Usage.CERT_SIGN, KeyUsage.keyCertSign);

	private static final Map<Usage, KeyPurposeId> PURPOSES = Map.of(Usage.SERVER_AUTH, KeyPurposeId.id_kp_serverAuth,
			Usage.CLIENT_AUTH, KeyPurposeId.id_kp_clientAuth);

	private final AtomicLong serial = new AtomicLong(100);

	private final X500Name name;

	private final KeyPair keys;

	private final boolean identified;

	private final X509Certificate certificate;

	public TestAuthority(String commonName) {
		this(commonName, KeyPairSource.jdk().generate(KeySpecification.EC_P256));
	}

	/** An authority with a key of its own, RSA or EC. */
	public TestAuthority(String commonName, KeyPair keys) {
		this(commonName, keys, false);
	}

	/** An authority whose certificates may identify its key. */
	public TestAuthority(String commonName, boolean identified) {
		this(commonName, KeyPairSource.jdk().generate(KeySpecification.EC_P256), identified);
	}

	private TestAuthority(String commonName, KeyPair keys, boolean identified) {
		this.keys = keys;
		this.identified = identified;
		this.name = new X500Name("CN=" + commonName);
		Instant start = Instant.parse("1990-01-01T00:00:00Z");
		this.certificate = sign(this.name, this.keys.getPublic(), start, start.plus(CENTURY), List.of(), true,
				List.of(Usage.CERT_SIGN));
	}

	private TestAuthority(X500Name name, KeyPair keys, X509Certificate certificate) {
		this.name = name;
		this.keys = keys;
		this.identified = false;
		this.certificate = certificate;
	}

	/**
	 * An authority whose signatures nobody verifies, and which takes no time for them.
	 */
	public static TestAuthority unsigned(String commonName) {
		PublicKey key = KeyPairSource.jdk().generate(KeySpecification.EC_P256).getPublic();
		return new TestAuthority(commonName, new KeyPair(key, null));
	}

	/** An authority whose certificate this one signs, valid as long as this one. */
	public TestAuthority intermediate(String commonName) {
		return intermediate(commonName, this.certificate.getNotBefore().toInstant(),
				this.certificate.getNotAfter().toInstant());
	}

	/** An authority whose certificate this one signs. */
	public TestAuthority intermediate(String commonName, Instant notBefore, Instant notAfter) {
		X500Name subject = new X500Name("CN=" + commonName);
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new TestAuthority(subject, keys,
				sign(subject, keys.getPublic(), notBefore, notAfter, List.of(), true, List.of(Usage.CERT_SIGN)));
	}

	/** An authority that may only issue certificates whose URIs have this host. */
	public TestAuthority intermediateFor(String commonName, String host) {
		X500Name subject = new X500Name("CN=" + commonName);
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		GeneralSubtree permitted = new GeneralSubtree(new GeneralName(GeneralName.uniformResourceIdentifier, host));
		return new TestAuthority(subject, keys,
				sign(subject, keys.getPublic(), this.certificate.getNotBefore().toInstant(),
						this.certificate.getNotAfter().toInstant(), List.of(), true, new KeyUsage(KeyUsage.keyCertSign),
						null, new NameConstraints(new GeneralSubtree[] { permitted }, null)));
	}

	/** A further certificate for another authority's name and key, signed by this one. */
	public X509Certificate crossSign(TestAuthority other) {
		return crossSign(other, this.certificate.getNotAfter().toInstant());
	}

	/** A further certificate for another authority's name and key, signed by this one. */
	public X509Certificate crossSign(TestAuthority other, Instant notAfter) {
		return sign(other.name, other.keys.getPublic(), this.certificate.getNotBefore().toInstant(), notAfter,
				List.of(), true, List.of(Usage.CERT_SIGN));
	}

	/** The authority's own certificate. */
	public X509Certificate certificate() {
		return this.certificate;
	}

	/** The certificates of some, as PEM. */
	public static String pem(TestAuthority... authorities) {
		return Pem.write(Stream.of(authorities).map(TestAuthority::certificate).toList());
	}

	/** Replaces a file by that of some, which is renamed: nobody reads a part. */
	public static Path replace(Path file, TestAuthority... authorities) throws IOException {
		Path next = Files.writeString(file.resolveSibling("next.crt"), pem(authorities));
		return Files.move(next, file, StandardCopyOption.REPLACE_EXISTING);
	}

	/** A certificate for a key, with all usages that a client or server needs. */
	public X509Certificate issue(PublicKey key, CertificateTemplate template, Instant notBefore, Instant notAfter) {
		return issue(key, template, notBefore, notAfter,
				List.of(Usage.DIGITAL_SIGNATURE, Usage.KEY_ENCIPHERMENT, Usage.SERVER_AUTH, Usage.CLIENT_AUTH));
	}

	/** A certificate for a key, with these usages. */
	public X509Certificate issue(PublicKey key, CertificateTemplate template, Instant notBefore, Instant notAfter,
			List<Usage> usages) {
		List<GeneralName> names = new ArrayList<>();
		template.dnsNames().forEach((name) -> names.add(new GeneralName(GeneralName.dNSName, name)));
		template.ipAddresses()
			.forEach((address) -> names.add(new GeneralName(GeneralName.iPAddress, address.getHostAddress())));
		template.uris().forEach((uri) -> names.add(new GeneralName(GeneralName.uniformResourceIdentifier, uri)));
		template.emailAddresses().forEach((email) -> names.add(new GeneralName(GeneralName.rfc822Name, email)));
		return sign(subject(template), key, notBefore, notAfter, names, false, usages);
	}

	/** A pair that is valid now, with a new EC P-256 key. */
	public CertificatePair pair(String commonName, String... dnsNames) {
		Instant now = Instant.now();
		return pair(CertificateTemplate.ofSubject(commonName).withDnsNames(List.of(dnsNames)),
				now.minus(Duration.ofMinutes(5)), now.plus(Duration.ofHours(1)));
	}

	/** A pair with a new EC P-256 key. */
	public CertificatePair pair(CertificateTemplate template, Instant notBefore, Instant notAfter) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		return new CertificatePair(List.of(issue(keys.getPublic(), template, notBefore, notAfter)), keys.getPrivate());
	}

	/** A pair with the subject of a template, and an IP address of five bytes. */
	public CertificatePair pairWithMalformedNames(CertificateTemplate template, Instant notBefore, Instant notAfter) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		GeneralName address = new GeneralName(GeneralName.iPAddress, new DEROctetString(new byte[5]));
		X509Certificate certificate = sign(subject(template), keys.getPublic(), notBefore, notAfter, List.of(address),
				false, List.of(Usage.DIGITAL_SIGNATURE, Usage.CLIENT_AUTH));
		return new CertificatePair(List.of(certificate), keys.getPrivate());
	}

	/**
	 * A pair that is valid now, with exactly these names, and bits of {@link KeyUsage}.
	 */
	public CertificatePair pair(X500Name subject, List<GeneralName> names, boolean authority, int keyUsage) {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		Instant now = Instant.now();
		return new CertificatePair(
				List.of(sign(subject, keys.getPublic(), now.minus(Duration.ofMinutes(5)), now.plus(Duration.ofHours(1)),
						names, authority, new KeyUsage(keyUsage),
						new ExtendedKeyUsage(PURPOSES.values().toArray(KeyPurposeId[]::new)), null)),
				keys.getPrivate());
	}

	/** A pair like an X.509-SVID that is valid now: no subject, and one URI. */
	public CertificatePair svid(String uri) {
		return pair(new X500Name(""), List.of(new GeneralName(GeneralName.uniformResourceIdentifier, uri)), false,
				KeyUsage.digitalSignature);
	}

	private static X500Name subject(CertificateTemplate template) {
		X500NameBuilder subject = new X500NameBuilder(BCStyle.INSTANCE);
		template.organizations().forEach((organization) -> subject.addRDN(BCStyle.O, organization));
		if (template.commonName() != null) {
			subject.addRDN(BCStyle.CN, template.commonName());
		}
		return subject.build();
	}

	private X509Certificate sign(X500Name subject, PublicKey key, Instant notBefore, Instant notAfter,
			List<GeneralName> names, boolean authority, List<Usage> usages) {
		KeyPurposeId[] purposes = usages.stream()
			.map(PURPOSES::get)
			.filter(Objects::nonNull)
			.toArray(KeyPurposeId[]::new);
		return sign(subject, key, notBefore, notAfter, names, authority,
				new KeyUsage(usages.stream().mapToInt((usage) -> KEY_USAGES.getOrDefault(usage, 0)).sum()),
				(purposes.length > 0) ? new ExtendedKeyUsage(purposes) : null, null);
	}

	private X509Certificate sign(X500Name subject, PublicKey key, Instant notBefore, Instant notAfter,
			List<GeneralName> names, boolean authority, KeyUsage usage, @Nullable ExtendedKeyUsage purposes,
			@Nullable NameConstraints constraints) {
		try {
			X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(this.name,
					BigInteger.valueOf(this.serial.incrementAndGet()), Date.from(notBefore), Date.from(notAfter),
					subject, key);
			builder.addExtension(Extension.basicConstraints, true, new BasicConstraints(authority));
			builder.addExtension(Extension.keyUsage, true, usage);
			if (this.identified) {
				JcaX509ExtensionUtils identifiers = new JcaX509ExtensionUtils();
				builder.addExtension(Extension.subjectKeyIdentifier, false,
						identifiers.createSubjectKeyIdentifier(key));
				builder.addExtension(Extension.authorityKeyIdentifier, false,
						identifiers.createAuthorityKeyIdentifier(this.keys.getPublic()));
			}
			if (purposes != null) {
				builder.addExtension(Extension.extendedKeyUsage, false, purposes);
			}
			if (constraints != null) {
				builder.addExtension(Extension.nameConstraints, true, constraints);
			}
			if (!names.isEmpty()) {
				builder.addExtension(Extension.subjectAlternativeName, subject.getRDNs().length == 0,
						new GeneralNames(names.toArray(GeneralName[]::new)));
			}
			return new JcaX509CertificateConverter().getCertificate(builder.build(signer()));
		}
		catch (Exception ex) {
			throw new IllegalStateException(ex);
		}
	}

	private ContentSigner signer() throws OperatorCreationException {
		PrivateKey key = this.keys.getPrivate();
		return (key == null) ? new NoSignature()
				: new JcaContentSignerBuilder(key.getAlgorithm().equals("RSA") ? "SHA256withRSA" : "SHA256withECDSA")
					.build(key);
	}

}
