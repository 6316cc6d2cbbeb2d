package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.security.PublicKey;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Date;
import java.util.List;
import java.util.stream.IntStream;

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
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.x509.Time;
import org.bouncycastle.cert.X509v3CertificateBuilder;

/**
 * A certificate whose names and extensions a fuzzer has chosen.
 */
public final class FuzzedCertificate {

	/** The times of certificates are near this one. */
	public static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	private static final List<ASN1ObjectIdentifier> EXTENSIONS = List.of(Extension.subjectAlternativeName,
			Extension.extendedKeyUsage, Extension.keyUsage, Extension.basicConstraints, Extension.nameConstraints,
			Extension.subjectKeyIdentifier, Extension.authorityKeyIdentifier, Extension.certificatePolicies,
			Extension.policyMappings, Extension.policyConstraints, Extension.issuerAlternativeName,
			Extension.cRLDistributionPoints, Extension.authorityInfoAccess, Extension.inhibitAnyPolicy,
			new ASN1ObjectIdentifier("1.2.3.4"));

	private static final List<ASN1ObjectIdentifier> ATTRIBUTES = List.of(BCStyle.CN, BCStyle.O, BCStyle.OU, BCStyle.DC,
			BCStyle.SERIALNUMBER, new ASN1ObjectIdentifier("1.2.3.5"));

	/** To write a time takes as long as all the rest. */
	private static final List<Time> STARTS = IntStream.range(0, 400)
		.mapToObj(NOW::minusSeconds)
		.map(FuzzedCertificate::time)
		.toList();

	private static final List<Time> ENDS = IntStream.range(0, 9)
		.mapToObj((hours) -> time(NOW.plus(Duration.ofHours(hours))))
		.toList();

	private static final int MOST = 4;

	private FuzzedCertificate() {
	}

	/** Returns a certificate of a key, which the JDK may be unable to read, as PEM. */
	public static String pem(FuzzedInput input, PublicKey key) {
		X500Name issuer = name(input);
		X509v3CertificateBuilder builder = new X509v3CertificateBuilder(
				(issuer.size() > 0) ? issuer : new X500Name("CN=any"),
				new BigInteger(1, input.nextBoolean() ? input.some() : new byte[] { 1 }), input.one(STARTS),
				input.one(ENDS), name(input), SubjectPublicKeyInfo.getInstance(key.getEncoded()));
		try {
			for (int count = input.nextInt(MOST); count > 0; count--) {
				ASN1ObjectIdentifier type = input.one(EXTENSIONS);
				if (!builder.hasExtension(type)) {
					builder.addExtension(type, input.nextBoolean(), content(type, input));
				}
			}
			return "-----BEGIN CERTIFICATE-----\n"
					+ Base64.getMimeEncoder(64, new byte[] { '\n' })
						.encodeToString(builder.build(new NoSignature()).getEncoded())
					+ "\n-----END CERTIFICATE-----\n";
		}
		catch (IOException ex) {
			throw new UncheckedIOException(ex);
		}
	}

	private static Time time(Instant time) {
		return new Time(Date.from(time));
	}

	/** Names with any content, or anything. */
	private static byte[] content(ASN1ObjectIdentifier type, FuzzedInput input) throws IOException {
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

}
