package io.kubelet.cert.request;

import java.io.ByteArrayOutputStream;
import java.io.OutputStream;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.KeyPair;
import java.security.cert.CertificateEncodingException;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.Set;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.MalformedPemException;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.PeerRefusedException;
import io.kubelet.cert.testsupport.FuzzedInput;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1Encoding;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DERBMPString;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERPrintableString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.DERT61String;
import org.bouncycastle.asn1.DERTaggedObject;
import org.bouncycastle.asn1.DERUTF8String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x9.X9ObjectIdentifiers;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateHolder;
import org.bouncycastle.operator.ContentSigner;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a certificate, with any names and extensions, that is accepted although it is
 * not what was requested, that fails otherwise than with a refusal, or whose names reach
 * a log or a page as they are.
 */
class CertificateFuzz {

	private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("shop")
		.withDnsNames(List.of("shop.svc"));

	private static final PendingRequest REQUEST = new PendingRequest(CertificateRequests.create("shop", TEMPLATE,
			Signer.of("example.com/shop"), List.of(Usage.SERVER_AUTH), null, KEYS), KEYS.getPrivate(), null, null);

	private static final AcceptedPeers SHOP = new AcceptedPeers.Named(
			AcceptedPeers.Named.uris(List.of("spiffe://example.org/shop")), Set.of("shop.svc"), Set.of("shop"));

	private static final List<ASN1ObjectIdentifier> EXTENSIONS = List.of(Extension.subjectAlternativeName,
			Extension.extendedKeyUsage, Extension.keyUsage, Extension.basicConstraints, Extension.nameConstraints,
			Extension.subjectKeyIdentifier, Extension.authorityKeyIdentifier, Extension.certificatePolicies,
			Extension.policyMappings, Extension.policyConstraints, Extension.issuerAlternativeName,
			Extension.cRLDistributionPoints, Extension.authorityInfoAccess, Extension.inhibitAnyPolicy,
			new ASN1ObjectIdentifier("1.2.3.4"));

	private static final List<ASN1ObjectIdentifier> ATTRIBUTES = List.of(BCStyle.CN, BCStyle.O, BCStyle.OU, BCStyle.DC,
			BCStyle.SERIALNUMBER, new ASN1ObjectIdentifier("1.2.3.5"));

	private static final int MOST = 4;

	@FuzzTest
	void certificate(byte[] input) throws Exception {
		String pem = pem(new FuzzedInput(input));
		FuzzedInput.requireCheap(() -> read(pem));
	}

	private static void read(String pem) {
		X509Certificate certificate;
		try {
			certificate = Pem.readCertificates(pem).get(0);
		}
		catch (MalformedPemException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
			return;
		}
		show(certificate);
		try {
			accepted(IssuedCertificateCheck.ofAnyAuthority().check(List.of(certificate), REQUEST, List.of(), NOW));
		}
		catch (RequestException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
	}

	/** What the log, the endpoint and the page show of it. */
	private static void show(X509Certificate certificate) {
		FuzzedInput.requireShowable(ExternalText.subject(certificate));
		FuzzedInput.requireShowable(ExternalText.issuer(certificate));
		FuzzedInput.requireShowable(CertificateNames.serialNumber(certificate));
		TEMPLATE.differences(certificate).forEach(FuzzedInput::requireShowable);
		assertThat(AcceptedPeers.Everyone.INSTANCE.nameOf(certificate)).isNotNull();
		try {
			assertThat(TEMPLATE.additionalNames(certificate)).hasSizeLessThan(12)
				.allSatisfy(FuzzedInput::requireShowable);
		}
		catch (IllegalArgumentException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
		try {
			SHOP.require(certificate);
			// A name may be in UTF-16
			assertThat(new String(certificate.getEncoded(), StandardCharsets.ISO_8859_1).replace("\0", ""))
				.containsIgnoringCase("shop");
		}
		catch (PeerRefusedException ex) {
			FuzzedInput.requireShowable(String.valueOf(ex.getMessage()));
		}
		catch (CertificateEncodingException ex) {
			throw new AssertionError(ex);
		}
	}

	/** Bouncy Castle reads the same names. */
	private static void accepted(CertificatePair pair) {
		X509Certificate leaf = pair.leaf();
		assertThat(leaf.getPublicKey()).isEqualTo(KEYS.getPublic());
		assertThat(leaf.getBasicConstraints()).isEqualTo(-1);
		try {
			GeneralNames names = GeneralNames.fromExtensions(new JcaX509CertificateHolder(leaf).getExtensions(),
					Extension.subjectAlternativeName);
			assertThat(names.getNames()).anySatisfy((name) -> {
				assertThat(name.getTagNo()).isEqualTo(GeneralName.dNSName);
				assertThat(name.getName().toString()).isEqualToIgnoringCase("shop.svc");
			});
			if (leaf.getExtensionValue(Extension.extendedKeyUsage.getId()) != null) {
				assertThat(leaf.getExtendedKeyUsage()).containsAnyOf("1.3.6.1.5.5.7.3.1", "2.5.29.37.0");
			}
		}
		catch (CertificateException ex) {
			throw new AssertionError(ex);
		}
	}

	private static String pem(FuzzedInput input) throws Exception {
		X500Name issuer = name(input);
		X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
				(issuer.size() > 0) ? issuer : new X500Name("CN=any"),
				new BigInteger(1, input.nextBoolean() ? input.some() : new byte[] { 1 }),
				Date.from(NOW.minusSeconds(input.nextInt(400))),
				Date.from(NOW.plus(Duration.ofHours(input.nextInt(9)))), name(input),
				SubjectPublicKeyInfo.getInstance(KEYS.getPublic().getEncoded()));
		for (int count = input.nextInt(MOST); count > 0; count--) {
			ASN1ObjectIdentifier type = input.one(EXTENSIONS);
			if (!builder.hasExtension(type)) {
				builder.addExtension(type, input.nextBoolean(), content(type, input));
			}
		}
		byte[] certificate = builder.build(new Unsigned()).getEncoded();
		return "-----BEGIN CERTIFICATE-----\n"
				+ Base64.getMimeEncoder(64, new byte[] { '\n' }).encodeToString(certificate)
				+ "\n-----END CERTIFICATE-----\n";
	}

	/** Names with any content, or anything. */
	private static byte[] content(ASN1ObjectIdentifier type, FuzzedInput input) throws Exception {
		if (!type.equals(Extension.subjectAlternativeName) || input.nextBoolean()) {
			return input.some();
		}
		ASN1EncodableVector names = new ASN1EncodableVector();
		for (int count = input.nextInt(MOST); count >= 0; count--) {
			names.add(new DERTaggedObject(false, input.nextInt(9), new DEROctetString(input.some())));
		}
		return new DERSequence(names).getEncoded(ASN1Encoding.DER);
	}

	private static X500Name name(FuzzedInput input) {
		X500NameBuilder name = new X500NameBuilder();
		for (int count = input.nextInt(MOST); count > 0; count--) {
			byte[] value = input.some();
			String text = new String(value, StandardCharsets.UTF_8);
			name.addRDN(input.one(ATTRIBUTES), switch (input.nextInt(5)) {
				case 0 -> new DERUTF8String(text);
				case 1 -> new DERBMPString(text);
				case 2 -> new DERT61String(text);
				case 3 -> new DERPrintableString(text);
				default -> new DEROctetString(value);
			});
		}
		return name.build();
	}

	/** Nobody verifies the signature. */
	private static final class Unsigned implements ContentSigner {

		@Override
		public AlgorithmIdentifier getAlgorithmIdentifier() {
			return new AlgorithmIdentifier(X9ObjectIdentifiers.ecdsa_with_SHA256);
		}

		@Override
		public OutputStream getOutputStream() {
			return new ByteArrayOutputStream();
		}

		@Override
		public byte[] getSignature() {
			return new byte[] { 48, 6, 2, 1, 1, 2, 1, 1 };
		}

	}

}
