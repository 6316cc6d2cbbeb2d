package io.kubelet.cert.certificate.peers;

import java.security.cert.X509Certificate;
import java.util.List;
import java.util.Set;

import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import io.kubelet.cert.testsupport.TestAuthority;
import org.bouncycastle.asn1.DERIA5String;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.KeyUsage;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatNoException;

/**
 * Tests for {@link AcceptedPeers} and {@link UriPattern}.
 *
 * @see AcceptedPeers
 * @see UriPattern
 */
class AcceptedPeersTests {

	private static final TestAuthority authority = new TestAuthority("one");

	private static final AcceptedPeers SHOP = new Named(Named.uris(List.of("spiffe://example.org/ns/shop/sa/*")),
			Named.dnsNames(List.of("Shop.shop.svc")), Named.commonNames(List.of("shop")));

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/shop   | true
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/Shop   | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://Example.org/ns/shop/sa/shop   | false
			spiffe://example.org/ns/shop/sa/shop | SPIFFE://example.org/ns/shop/sa/shop   | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/shop/  | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/shop/x | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/sho    | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://example.org/ns/shop/sa/%73hop | false
			spiffe://example.org/ns/shop/sa/shop | spiffe://evil.org/ns/shop/sa/shop      | false
			spiffe://example.org/*               | spiffe://example.org/a                 | true
			spiffe://example.org/*               | spiffe://example.org/a/b               | false
			spiffe://example.org/*               | spiffe://example.org                   | false
			spiffe://example.org/*               | spiffe://example.org/                  | false
			spiffe://example.org/*               | spiffe://example.org.evil/a            | false
			spiffe://example.org/*               | spiffe://example.org@evil/a            | false
			spiffe://example.org/*               | spiffe://example.org/..                | false
			spiffe://example.org/*               | spiffe://example.org/a%2Fb             | false
			spiffe://example.org/*               | spiffe://example.org/a?b               | false
			spiffe://example.org/*               | spiffe://example.org/a#b               | false
			spiffe://example.org/**              | spiffe://example.org/a                 | true
			spiffe://example.org/**              | spiffe://example.org/a/b/c             | true
			spiffe://example.org/**              | spiffe://example.org/                  | false
			spiffe://example.org/**              | spiffe://example.org/a//b              | false
			spiffe://example.org/**              | spiffe://example.org/a/                | false
			spiffe://example.org/**              | spiffe://example.org/a/../b            | false
			spiffe://example.org/a/**            | spiffe://example.org/ab                | false
			spiffe://example.org/a/**            | spiffe://example.org/a/b               | true
			https://example.org/Shop?a=1         | https://example.org/Shop?a=1           | true
			https://example.org/**               | https://example.org/a/b                | true
			https://example.org/**               | https://example.org/a?b                | false
			urn:example:shop                     | urn:example:shop                       | true
			urn:example:shop                     | urn:example:shop2                      | false
			""")
	void uriIsComparedExactlyUpToThePattern(String pattern, String uri, boolean accepted) {
		assertThat(UriPattern.of(pattern).matches(uri)).isEqualTo(accepted);
		assertThat(UriPattern.of(pattern)).hasToString(pattern);
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			spiffe://*/ns/shop            | has a '*' that is not its end
			spiffe://*/*                  | has a '*' that is not its end
			spiffe://example.org/*/shop   | has a '*' that is not its end
			spiffe://example.org/sh*      | has a '*' that is not its end
			spiffe://example.org/***      | has a '*' that is not its end
			spiffe://**                   | it has no path
			*                             | has a '*' that is not its end
			/ns/shop                      | has no scheme
			example.org/ns/shop           | has no scheme
			spiffe://Example.org/shop     | lower case
			SPIFFE://example.org/shop     | lower case
			HTTPS://example.org/shop      | lower case
			spiffe://example.org          | it has no path
			spiffe://example.org/         | its path
			spiffe://example.org/shop/    | its path
			spiffe://example.org//*       | its path
			spiffe://example.org/sh%6fp   | its path
			spiffe://example.org/shop?a   | its path
			spiffe:shop                   | does not begin with 'spiffe://'
			urn:example:shop/*            | must have a scheme and a host
			https://example.org?a/*       | must have a scheme and a host
			https://example.org/sh\u00f6p | has characters that no URI
			https://example.org/a b       | is no URI
			""")
	void otherPatternIsReported(String pattern, String problem) {
		assertThatIllegalArgumentException().isThrownBy(() -> UriPattern.of(pattern)).withMessageContaining(problem);
	}

	@ParameterizedTest
	@ValueSource(strings = { "*.shop.svc", "shop.*", "*", "shop.svc.", ".svc", "shop..svc", "sh\u00f6p", "shop/a",
			"shop svc", "shop:443" })
	void dnsNameWithAWildcardAndWhatIsNoneAreReported(String name) {
		assertThatIllegalArgumentException().isThrownBy(() -> Named.dnsNames(List.of(name)))
			.withMessageStartingWith("'%s' is no DNS name", name);
	}

	@ParameterizedTest
	@ValueSource(strings = { "", " ", "\t" })
	void emptyElementIsReported(String name) {
		List<String> names = List.of("shop", name);
		assertThatIllegalArgumentException().isThrownBy(() -> Named.dnsNames(names)).withMessageContaining("is empty");
		assertThatIllegalArgumentException().isThrownBy(() -> Named.commonNames(names))
			.withMessageContaining("is empty");
		assertThatIllegalArgumentException().isThrownBy(() -> Named.uris(List.of(name)))
			.withMessageContaining("is empty");
	}

	@Test
	void noNameDoesNotMeanEveryone() {
		assertThatIllegalArgumentException().isThrownBy(() -> new Named(List.of(), Set.of(), Set.of()));
	}

	@Test
	void everyoneIsAcceptedWhateverTheCertificate() {
		assertThatNoException()
			.isThrownBy(() -> AcceptedPeers.everyone().require(leaf("", uri("spiffe://a/b"), uri("spiffe://a/c"))));
		assertThat(AcceptedPeers.everyone().isRestricted()).isFalse();
		assertThat(SHOP.isRestricted()).isTrue();
	}

	@Test
	void oneOfTheNamesSuffices() {
		assertThatNoException().isThrownBy(() -> {
			SHOP.require(leaf("", uri("spiffe://example.org/ns/shop/sa/shop")));
			SHOP.require(leaf("CN=other", uri("https://example.org/"), dns("other"), dns("SHOP.shop.svc")));
			SHOP.require(leaf("CN=shop"));
		});
	}

	@ParameterizedTest
	@CsvSource(textBlock = """
			CN=Shop
			CN=shop.shop.svc
			'CN=shop,CN=admin'
			'O=shop'
			CN=spiffe://example.org/ns/shop/sa/shop
			""")
	void nameElsewhereInTheSubjectDoesNotCount(String subject) {
		refuses(RefusalReason.NOT_ACCEPTED, leaf(subject));
	}

	@ParameterizedTest
	@ValueSource(strings = { "*.shop.svc", "*", "shop.shop.svc.", "shop.shop.svc\0", "shop.shop.svc\0.evil.example",
			"shop.shop.svc ", "\u00dfhop.shop.svc", "a.shop.shop.svc", "shop", "spiffe://example.org/ns/shop/sa/shop" })
	void dnsNameThatIsNotTheSameIsRefused(String name) {
		refuses(RefusalReason.NOT_ACCEPTED, leaf("", dns(name)));
	}

	@Test
	void certificateThatBreaksARuleIsRefusedAlthoughAnotherNameIsAccepted() {
		refuses(RefusalReason.MALFORMED,
				leaf("CN=shop", uri("spiffe://example.org/ns/shop/sa/shop"), uri("spiffe://example.org/other")));
	}

	@Test
	void peerWhoseNamesAreNotToBeUsedIsNamedByItsSubject() {
		X509Certificate leaf = leaf("CN=shop", uri("spiffe://example.org/a"), uri("spiffe://example.org/b"));
		assertThat(AcceptedPeers.everyone().nameOf(leaf)).isEqualTo("CN=shop");
	}

	@Test
	void acceptedNamesAreWrittenWithTheirKinds() {
		assertThat(new Named(Named.uris(List.of("spiffe://example.org/*")), Named.dnsNames(List.of("b.svc", "A.svc")),
				Named.commonNames(List.of("d", "C"))))
			.hasToString(
					"URI 'spiffe://example.org/*', DNS name 'a.svc', DNS name 'b.svc', common name 'C', common name 'd'");
	}

	@Test
	void messageNamesThePeerInOneLine() {
		assertThatExceptionOfType(PeerRefusedException.class)
			.isThrownBy(() -> SHOP.require(leaf("CN=five", dns("one"), dns("two"), dns("three"), dns("four"))))
			.withMessage(
					"its certificate has DNS name 'one', DNS name 'two', DNS name 'three', DNS name 'four', common name 'five', which is not accepted");
		assertThatExceptionOfType(PeerRefusedException.class)
			.isThrownBy(() -> SHOP.require(leaf("CN=a\nb", uri("https://example.org/x"), dns("one"), dns("two"),
					dns("three"), dns("four"), dns("five"))))
			.withMessage(
					"its certificate has URI 'https://example.org/x', DNS name 'one', DNS name 'two', DNS name 'three', DNS name 'four', ..., which is not accepted");
		assertThatExceptionOfType(PeerRefusedException.class).isThrownBy(() -> SHOP.require(leaf("CN=a\nb")))
			.withMessage("its certificate has common name 'a b', which is not accepted");
		assertThatExceptionOfType(PeerRefusedException.class).isThrownBy(() -> SHOP.require(leaf("O=shop")))
			.withMessage("its certificate has no name, which is not accepted");
	}

	private static void refuses(RefusalReason reason, X509Certificate leaf) {
		assertThatExceptionOfType(PeerRefusedException.class).isThrownBy(() -> SHOP.require(leaf))
			.extracting(PeerRefusedException::reason)
			.isEqualTo(reason);
	}

	private static X509Certificate leaf(String subject, GeneralName... names) {
		return authority.pair(new X500Name(subject), List.of(names), false, KeyUsage.digitalSignature).leaf();
	}

	private static GeneralName uri(String uri) {
		return new GeneralName(GeneralName.uniformResourceIdentifier, new DERIA5String(uri));
	}

	private static GeneralName dns(String name) {
		return new GeneralName(GeneralName.dNSName, new DERIA5String(name));
	}

}
