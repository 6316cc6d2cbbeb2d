package io.kubelet.cert.certificate.peers;

import java.math.BigInteger;
import java.nio.charset.Charset;
import java.security.KeyPair;
import java.security.cert.X509Certificate;
import java.util.Date;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERUniversalString;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x500.X500NameBuilder;
import org.bouncycastle.asn1.x500.style.BCStyle;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.GeneralNames;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

/**
 * Tests for {@link PeerIdentity}.
 *
 * @see PeerIdentity
 * @see SpiffeId
 */
class PeerIdentityTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final TestAuthority authority = new TestAuthority("one");

	@Test
	void namesAreThoseOfTheCertificate() {
		assertThat(identity("CN=Shop,O=team", uri("https://example.org/Shop"), dns("Shop.shop.SVC"), dns("*.other")))
			.isEqualTo(
					new PeerIdentity(List.of("https://example.org/Shop"), List.of("shop.shop.svc", "*.other"), "Shop"));
		assertThat(identity("", uri(SHOP)).uri()).isEqualTo(SHOP);
	}

	@Test
	void severalUrisAreNotOne() {
		PeerIdentity several = identity("", uri("https://one/"), uri("https://two/"));
		assertThat(several.uris()).containsExactly("https://one/", "https://two/");
		assertThat(several.uri()).isNull();
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', nullValues = "none", textBlock = """
			O=team               | none
			CN=shop              | shop
			CN=Shop              | Shop
			CN=shop,CN=admin     | none
			CN=shop+CN=admin     | none
			CN=a\\,CN\\=shop     | 'a,CN=shop'
			CN=a,OU=CN\\=shop    | a
			CN=spiffe://a/b      | spiffe://a/b
			""")
	void commonNameIsTheOnlyOne(String subject, String commonName) {
		assertThat(identity(subject).commonName()).isEqualTo(commonName);
		assertThat(identity(subject).uris()).isEmpty();
	}

	@ParameterizedTest
	@CsvSource({ "'shop\0.evil.example'", "'shop\u200b'", "'\u0455hop'", "'shop '", "' shop'", "'SHOP'" })
	void commonNameIsNotChanged(String commonName) {
		X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, commonName).build();
		assertThat(PeerIdentity.of(authority.pair(subject, List.of(), false, KeyUsage.digitalSignature).leaf())
			.commonName()).isEqualTo(commonName);
	}

	/** The JDK returns such a name as bytes. */
	@Test
	void commonNameBesideOneOfAnotherTypeIsNotTheOnlyOne() {
		X500Name subject = new X500NameBuilder(BCStyle.INSTANCE).addRDN(BCStyle.CN, "shop")
			.addRDN(BCStyle.CN, new DERUniversalString("admin".getBytes(Charset.forName("UTF-32BE"))))
			.build();
		assertThat(PeerIdentity.of(authority.pair(subject, List.of(), false, KeyUsage.digitalSignature).leaf())
			.commonName()).isNull();
	}

	@Test
	void namesThatCannotBeReadAreRefused() {
		byte[] withMask = new byte[32];
		withMask[31] = 1;
		for (byte[] bytes : List.of(new byte[5], withMask)) {
			GeneralName address = new GeneralName(GeneralName.iPAddress, new DEROctetString(bytes));
			assertThatIllegalArgumentException().isThrownBy(() -> identity("CN=shop", dns("shop"), address))
				.withMessage("The names in the certificate 'CN=shop' cannot be read");
		}
		assertThatIllegalArgumentException().isThrownBy(() -> identity("CN=shop", uri("not a uri")));
	}

	static Stream<Arguments> brokenSvids() {
		int signature = KeyUsage.digitalSignature;
		return Stream.of(argumentSet("two SPIFFE IDs", "exactly one", signature, false, List.of(uri(SHOP), uri(SHOP))),
				argumentSet("a further URI", "exactly one", signature, false,
						List.of(uri("https://example.org/"), uri(SHOP))),
				argumentSet("another scheme in capitals", "exactly one", signature, false,
						List.of(uri("https://example.org/"), uri("SPIFFE://example.org/shop"))),
				argumentSet("capitals", "it does not begin with", signature, false,
						List.of(uri("Spiffe://example.org/shop"))),
				argumentSet("no authority", "it does not begin with", signature, false, List.of(uri("spiffe:shop"))),
				argumentSet("trust domain in capitals", "its trust domain", signature, false,
						List.of(uri("spiffe://Example.org/shop"))),
				argumentSet("port", "its trust domain", signature, false, List.of(uri("spiffe://example.org:1/shop"))),
				argumentSet("user", "its trust domain", signature, false, List.of(uri("spiffe://a@example.org/shop"))),
				argumentSet("no path", "it has no path", signature, false, List.of(uri("spiffe://example.org"))),
				argumentSet("empty path", "its path", signature, false, List.of(uri("spiffe://example.org/"))),
				argumentSet("slash at the end", "its path", signature, false, List.of(uri(SHOP + "/"))),
				argumentSet("empty segment", "its path", signature, false, List.of(uri("spiffe://example.org//shop"))),
				argumentSet("relative", "its path", signature, false, List.of(uri("spiffe://example.org/a/../shop"))),
				argumentSet("percent-encoding", "its path", signature, false,
						List.of(uri("spiffe://example.org/sh%6fp"))),
				argumentSet("query", "its path", signature, false, List.of(uri(SHOP + "?a"))),
				argumentSet("fragment", "its path", signature, false, List.of(uri(SHOP + "#a"))),
				argumentSet("too long", "2048", signature, false, List.of(uri(SHOP + "x".repeat(3000)))),
				argumentSet("very long", "2048", signature, false, List.of(uri(SHOP + "/x".repeat(30_000)))),
				argumentSet("authority", "that of an authority", signature, true, List.of(uri(SHOP))),
				argumentSet("no signature", "lacks 'digital signature'", KeyUsage.keyEncipherment, false,
						List.of(uri(SHOP))),
				argumentSet("cert sign", "'cert sign'", signature | KeyUsage.keyCertSign, false, List.of(uri(SHOP))),
				argumentSet("CRL sign", "'crl sign'", signature | KeyUsage.cRLSign, false, List.of(uri(SHOP))));
	}

	@ParameterizedTest
	@MethodSource("brokenSvids")
	void certificateWithASpiffeIdHasToComplyWithItsRules(String rule, int keyUsage, boolean ofAuthority,
			List<GeneralName> names) {
		assertThatIllegalArgumentException()
			.isThrownBy(() -> PeerIdentity.of(authority.pair(new X500Name(""), names, ofAuthority, keyUsage).leaf()))
			.withMessageContaining(rule);
	}

	/** The longest one that validators have to accept (SPIFFE ID, 2.3). */
	@Test
	void spiffeIdMayHave2048Characters() {
		String longest = SHOP + "x".repeat(2048 - SHOP.length());
		assertThat(identity("", uri(longest)).uri()).isEqualTo(longest);
		assertThatIllegalArgumentException().isThrownBy(() -> identity("", uri(longest + "x")))
			.withMessageContaining("more than 2048 characters");
	}

	/** The length of the path below it is zero, which is not that of a leaf. */
	@Test
	void authorityThatMayOnlySignLeavesIsNoWorkload() throws Exception {
		KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);
		X500Name name = new X500Name("CN=shop");
		X509CertificateHolder certificate = new JcaX509v3CertificateBuilder(name, BigInteger.ONE, new Date(0),
				new Date(1), name, keys.getPublic())
			.addExtension(Extension.basicConstraints, true, new BasicConstraints(0))
			.addExtension(Extension.keyUsage, true, new KeyUsage(KeyUsage.digitalSignature))
			.addExtension(Extension.subjectAlternativeName, false, new GeneralNames(uri(SHOP)))
			.build(new JcaContentSignerBuilder("SHA256withECDSA").build(keys.getPrivate()));
		X509Certificate leaf = new JcaX509CertificateConverter().getCertificate(certificate);
		assertThatIllegalArgumentException().isThrownBy(() -> PeerIdentity.of(leaf))
			.withMessageContaining("that of an authority");
	}

	/**
	 * If the names are critical, as without a subject, the JDK reads no such certificate.
	 */
	@Test
	void uriWithControlCharactersOrUnicodeIsRefused() {
		for (String uri : List.of(SHOP + "\0", SHOP + "\u00f6", "spiffe://ex\u00e4mple.org/shop", SHOP + "\n")) {
			assertThatIllegalArgumentException().isThrownBy(() -> identity("CN=shop", uri(uri)));
		}
	}

	private static PeerIdentity identity(String subject, GeneralName... names) {
		return PeerIdentity
			.of(authority.pair(new X500Name(subject), List.of(names), false, KeyUsage.digitalSignature).leaf());
	}

	private static GeneralName uri(String uri) {
		return new GeneralName(GeneralName.uniformResourceIdentifier, new DERIA5String(uri));
	}

	private static GeneralName dns(String name) {
		return new GeneralName(GeneralName.dNSName, new DERIA5String(name));
	}

}
