package io.kubelet.cert.request;

import java.math.BigInteger;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.PrivateKey;
import java.security.Security;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Date;
import java.util.HexFormat;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.PendingRequest;
import io.kubelet.cert.certificate.Signer;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.testsupport.CountingProvider;
import io.kubelet.cert.testsupport.CountingProvider.Operation;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestKeys;
import org.bouncycastle.asn1.ASN1Encodable;
import org.bouncycastle.asn1.ASN1EncodableVector;
import org.bouncycastle.asn1.ASN1ObjectIdentifier;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.DERSequence;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.BasicConstraints;
import org.bouncycastle.asn1.x509.CertificatePolicies;
import org.bouncycastle.asn1.x509.Extension;
import org.bouncycastle.asn1.x509.PolicyInformation;
import org.bouncycastle.cert.X509v3CertificateBuilder;
import org.bouncycastle.cert.jcajce.JcaX509CertificateConverter;
import org.bouncycastle.cert.jcajce.JcaX509v3CertificateBuilder;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Which chains are accepted.
 *
 * @see IssuedCertificateCheck
 * @see AuthorityPath
 */
class IssuedCertificateCheckTests {

	/** Long past, as for a machine whose clock is set by the test alone. */
	private static final Instant NOW = Instant.parse("2001-01-01T00:00:00Z");

	private static final CertificateTemplate TEMPLATE = CertificateTemplate.ofSubject("one");

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final KeyPair RSA_KEYS = TestKeys.generate(TestKeys.RSA);

	private static final PendingRequest REQUEST = new PendingRequest(CertificateRequests.create("csr-1", TEMPLATE,
			Signer.of("example.com/signer"), List.of(Usage.CLIENT_AUTH), null, KEYS), KEYS.getPrivate(), null, null);

	private static final IssuedCertificateCheck ANY_AUTHORITY = IssuedCertificateCheck.ofAnyAuthority();

	private static final TestAuthority ROOT = new TestAuthority("root");

	private static final TestAuthority INTERMEDIATE = ROOT.intermediate("intermediate");

	private static final TestAuthority STRANGER = new TestAuthority("stranger");

	@Test
	void pathToTheAuthorityIsPresented() {
		X509Certificate root = ROOT.certificate();
		X509Certificate intermediate = INTERMEDIATE.certificate();
		X509Certificate stranger = STRANGER.certificate();
		X509Certificate crossSigned = STRANGER.crossSign(INTERMEDIATE);
		X509Certificate leafOfRoot = leaf(ROOT);
		X509Certificate leaf = leaf(INTERMEDIATE);
		assertThat(presented(root, leafOfRoot)).containsExactly(leafOfRoot);
		assertThat(presented(intermediate, leaf)).containsExactly(leaf);
		assertThat(presented(intermediate, leaf, intermediate, root)).containsExactly(leaf, intermediate, root);
		assertThat(presented(root, leaf, root, intermediate)).containsExactly(leaf, intermediate, root);
		assertThat(presented(root, leaf, crossSigned, intermediate)).containsExactly(leaf, intermediate);
		assertThat(presented(stranger, leaf, intermediate, crossSigned, stranger)).containsExactly(leaf, crossSigned,
				stranger);
	}

	private static List<X509Certificate> presented(X509Certificate authority, X509Certificate... chain) {
		IssuedCertificateCheck check = check(new TestAuthority("another").certificate(), authority);
		return check.check(List.of(chain), REQUEST, List.of(), NOW).chain();
	}

	@Test
	void chainThatLeadsToNoAuthorityIsRefusedWithThoseThatAreKnown() {
		assertRefused(check(ROOT.certificate(), INTERMEDIATE.certificate()), List.of(leaf(STRANGER)),
				"is refused: its chain does not lead to a configured authority ([CN=root, CN=intermediate])");
		assertRefused(check(ROOT.certificate()), List.of(leaf(INTERMEDIATE)),
				"does not lead to a configured authority ([CN=root])");
		assertRefused(check(), List.of(leaf(ROOT)), "does not lead to a configured authority ([])");
	}

	@Test
	void certificateIsAcceptedUpToItsEnd() {
		X509Certificate leaf = leaf(ROOT);
		Instant end = leaf.getNotAfter().toInstant();
		ANY_AUTHORITY.check(List.of(leaf), REQUEST, List.of(), end);
		assertThatExceptionOfType(RequestException.class)
			.isThrownBy(() -> ANY_AUTHORITY.check(List.of(leaf), REQUEST, List.of(), end.plusMillis(1)))
			.withMessageEndingWith(
					"it expired at %1$s, and it is %1$s here: the clock of this machine, or that of the signer, is wrong",
					end);
	}

	@Test
	void whoeverSignedIsAcceptedIfThatIsSaid() {
		CertificatePair pair = ANY_AUTHORITY.check(List.of(leaf(STRANGER)), REQUEST, List.of(), NOW);
		assertThat(pair.privateKey()).isSameAs(KEYS.getPrivate());
		assertThat(IssuedCertificateCheck.leadsToAny(pair, List.of(STRANGER.certificate()), NOW)).isTrue();
		assertThat(IssuedCertificateCheck.leadsToAny(pair, List.of(ROOT.certificate()), NOW)).isFalse();
	}

	@Test
	void storedAuthoritiesCountIfTheChainAndAnAuthorityThatIsAcceptedLeadToThem() {
		X509Certificate root = ROOT.certificate();
		X509Certificate intermediate = INTERMEDIATE.certificate();
		X509Certificate renewed = ROOT.crossSign(ROOT);
		CertificatePair pair = CertificatePair.of(List.of(leaf(INTERMEDIATE), intermediate), KEYS);
		List<X509Certificate> stored = List.of(STRANGER.certificate(), new TestAuthority("root").certificate(), root,
				renewed, new TestAuthority("intermediate").certificate(), intermediate, root);
		assertThat(ANY_AUTHORITY.authoritiesOf(pair, stored, NOW)).containsExactly(root, renewed, intermediate);
		assertThat(check(root).authoritiesOf(pair, stored, NOW)).containsExactly(root, renewed, intermediate);
		assertThat(check(intermediate).authoritiesOf(pair, stored, NOW)).containsExactly(intermediate);
		assertThat(check(STRANGER.certificate()).authoritiesOf(pair, stored, NOW)).isEmpty();
		assertThat(check().authoritiesOf(pair, stored, NOW)).isEmpty();
	}

	/** They count until the certificate expires, as when it was stored. */
	@Test
	void storedAuthoritiesWithoutACertificateCountOnlyIfAnAuthorityIsNamed() {
		X509Certificate root = ROOT.certificate();
		X509Certificate intermediate = INTERMEDIATE.certificate();
		X509Certificate expired = ROOT.intermediate("expired", NOW.minusSeconds(7200), NOW.minusSeconds(3600))
			.certificate();
		List<X509Certificate> stored = List.of(root, intermediate, expired, leaf(ROOT), STRANGER.certificate(),
				new TestAuthority("root").certificate());
		assertThat(check(root).named(stored, NOW)).containsExactly(root, intermediate);
		assertThat(check(intermediate).named(stored, NOW)).containsExactly(intermediate);
		assertThat(check().named(stored, NOW)).isEmpty();
		assertThat(ANY_AUTHORITY.named(stored, NOW)).isEmpty();
	}

	/** Whoever can write the Secret can add any number of others. */
	@Test
	void storedAuthoritiesThatDoNotCountDisplaceNoOther() throws Exception {
		Extension isAuthority = Extension.create(Extension.basicConstraints, true, new BasicConstraints(true));
		X509Certificate root = sign("CN=a", "CN=a", "SHA256withECDSA", KEYS.getPrivate(), isAuthority);
		X509Certificate large = sign("CN=a", "CN=a", "SHA256withECDSA", KEYS.getPrivate(), isAuthority,
				Extension.create(new ASN1ObjectIdentifier("1.2.3.4"), false, new DEROctetString(new byte[101 * 1024])));
		CertificatePair pair = CertificatePair.of(List.of(sign("CN=a", "CN=one", "SHA256withECDSA", KEYS.getPrivate())),
				KEYS);
		List<X509Certificate> stored = new ArrayList<>();
		for (int i = 0; i < 20; i++) {
			stored.add(sign("CN=a", "CN=" + i, "SHA256withECDSA", KEYS.getPrivate(), isAuthority));
		}
		stored.addAll(List.of(large, root));
		assertThat(check(root).authoritiesOf(pair, stored, NOW)).containsExactly(root);
		assertThat(check(root).named(List.of(large, root), NOW)).containsExactly(root);
	}

	@Test
	void authorityThatHasExpiredSinceItIssuedTheCertificateCounts() {
		TestAuthority brief = ROOT.intermediate("brief", NOW.minusSeconds(3600), NOW.plusSeconds(60));
		CertificatePair pair = CertificatePair.of(List.of(leaf(brief)), KEYS);
		List<X509Certificate> authorities = List.of(brief.certificate());
		assertThat(ANY_AUTHORITY.authoritiesOf(pair, authorities, NOW.plusSeconds(61)))
			.containsExactly(brief.certificate());
		assertThat(IssuedCertificateCheck.outdated(pair, authorities, NOW)).isEmpty();
		assertThat(IssuedCertificateCheck.outdated(pair, authorities, NOW.plusSeconds(61)).orElse(""))
			.startsWith("the authority 'CN=brief' expired at " + NOW.plusSeconds(60));
	}

	@ParameterizedTest
	@ValueSource(ints = { 1, 4, 5, 60 })
	void authorityOfACertificateThatHasExpiredCounts(int minutes) {
		CertificatePair pair = ROOT.pair(CertificateTemplate.ofSubject("shop"), NOW,
				NOW.plus(Duration.ofMinutes(minutes)));
		Instant later = NOW.plus(Duration.ofHours(2));
		assertThat(check(ROOT.certificate()).issuerProblem(pair, later)).isEmpty();
		assertThat(ANY_AUTHORITY.authoritiesOf(pair, List.of(ROOT.certificate()), later))
			.containsExactly(ROOT.certificate());
	}

	@Test
	void leafThatIsDatedBackToBeforeItsIssuerBeganIsAccepted() {
		TestAuthority fresh = ROOT.intermediate("fresh", NOW.minusSeconds(60), NOW.plus(Duration.ofDays(1)));
		X509Certificate leaf = leaf(fresh);
		for (TestAuthority authority : List.of(ROOT, fresh)) {
			check(authority.certificate()).check(List.of(leaf, fresh.certificate()), REQUEST, List.of(), NOW);
		}
	}

	@Test
	void issuerThatBeginsWithinTheClockSkewIsAcceptedAndOneThatBeginsLaterIsNot() {
		TestAuthority soon = ROOT.intermediate("soon", NOW.plusSeconds(60), NOW.plus(Duration.ofDays(1)));
		TestAuthority later = ROOT.intermediate("later", NOW.plusSeconds(360), NOW.plus(Duration.ofDays(1)));
		check(ROOT.certificate()).check(List.of(leaf(soon), soon.certificate()), REQUEST, List.of(), NOW);
		assertRefused(check(ROOT.certificate()), List.of(leaf(later), later.certificate()),
				"the authority 'CN=later' is not valid before %s, and it is %s here".formatted(NOW.plusSeconds(360),
						NOW));
	}

	@Test
	void issuerThatExpiredAMinuteAgoIsRefusedAndNamed() {
		Instant end = NOW.minusSeconds(60);
		TestAuthority expired = ROOT.intermediate("expired", NOW.minus(Duration.ofDays(1)), end);
		X509Certificate leaf = leaf(expired);
		for (TestAuthority authority : List.of(ROOT, expired)) {
			assertRefused(check(authority.certificate()), List.of(leaf, expired.certificate()),
					"is refused: the authority 'CN=expired' expired at %s, and it is %s here".formatted(end, NOW));
			assertThatExceptionOfType(RequestException.class)
				.isThrownBy(() -> ANY_AUTHORITY.check(List.of(leaf, expired.certificate()), REQUEST,
						List.of(authority.certificate()), NOW))
				.withMessageEndingWith("is refused: the authority 'CN=expired' expired at %s, and it is %s here", end,
						NOW);
		}
	}

	/** As a signer does that does not look at its own certificate. */
	@Test
	void issuerThatExpiredBeforeItSignedIsNamed() {
		Instant end = NOW.minus(Duration.ofDays(1));
		TestAuthority expired = ROOT.intermediate("expired", end.minus(Duration.ofDays(1)), end);
		assertRefused(check(expired.certificate()), List.of(leaf(expired)),
				"is refused: the authority 'CN=expired' expired at %s, and it is %s here".formatted(end, NOW));
	}

	@Test
	void leafThatDoesNotComeFirstIsRefused() {
		assertThatExceptionOfType(RequestException.class)
			.isThrownBy(() -> ANY_AUTHORITY.check(List.of(ROOT.certificate(), leaf(ROOT)), REQUEST, List.of(), NOW))
			.withMessageContaining(
					"the first certificate, which must be the leaf, has another public key (EC P-256) than the request");
	}

	@Test
	void chainThatNoPeerWouldTakeIsRefusedUnchecked() {
		List<X509Certificate> chain = Collections.nCopies(21, leaf(ROOT));
		try (CountingProvider counts = new CountingProvider()) {
			for (IssuedCertificateCheck check : List.of(ANY_AUTHORITY, check(ROOT.certificate()))) {
				assertRefused(check, chain, "is refused: its chain has 21 certificates, but at most 20 are accepted");
			}
			assertThat(counts.take()).doesNotContainKey(Operation.VERIFICATION);
		}
	}

	@Test
	void chainOfTooManyBytesIsRefused() {
		CertificateTemplate large = CertificateTemplate.ofSubject("one")
			.withDnsNames(IntStream.range(0, 4500).mapToObj("host-%d.example.com"::formatted).toList());
		X509Certificate leaf = ROOT.issue(KEYS.getPublic(), large, NOW, NOW.plus(Duration.ofHours(1)));
		assertRefused(ANY_AUTHORITY, List.of(leaf),
				"is refused: its chain has 101 KB, but at most 100 KB are accepted");
	}

	@ParameterizedTest
	@CsvSource({ "200, 0, false", "201, 0, true", "0, 200, false", "0, 201, true" })
	void noMoreThanTwoHundredSignaturesAreChecked(int authorities, int intermediates, boolean ended) {
		List<X509Certificate> namesakes = Stream.generate(() -> new TestAuthority("root").certificate())
			.limit(201)
			.toList();
		List<X509Certificate> chain = new ArrayList<>(List.of(leaf(ROOT)));
		chain.addAll(namesakes.subList(0, intermediates));
		AuthorityPath path = new AuthorityPath(chain, namesakes.subList(0, authorities));
		try (CountingProvider counts = new CountingProvider()) {
			assertThat(path.find(NOW, Duration.ZERO)).isEmpty();
			assertThat(counts.take()).containsEntry(Operation.VERIFICATION, 200);
		}
		assertThat(path.problem(NOW).contains("ended after 200 signature checks")).isEqualTo(ended);
	}

	@Test
	void choiceOfIssuersThatAnyAuthorityMayHaveSignedIsLimited() {
		List<X509Certificate> chain = new ArrayList<>(List.of(leaf(INTERMEDIATE)));
		for (int i = 0; i < 19; i++) {
			chain.add(ROOT.intermediate("intermediate").certificate());
		}
		try (CountingProvider counts = new CountingProvider()) {
			ANY_AUTHORITY.check(chain, REQUEST, List.of(), NOW);
			assertThat(counts.take().get(Operation.VERIFICATION)).isEqualTo(19);
		}
	}

	private static IssuedCertificateCheck check(X509Certificate... authorities) {
		return IssuedCertificateCheck.ofAuthorities(() -> List.of(authorities));
	}

	private static void assertRefused(IssuedCertificateCheck check, List<X509Certificate> chain, String end) {
		assertThatExceptionOfType(RequestException.class).isThrownBy(() -> check.check(chain, REQUEST, List.of(), NOW))
			.returns(Kind.REFUSED, Kind::of)
			.withMessageEndingWith(end);
	}

	/** Each certificate would triple the policies that the JDK keeps. */
	@Test
	@Timeout(120)
	void policiesThatAreMappedToEachOtherCostNothing() throws Exception {
		List<X509Certificate> chain = new ArrayList<>();
		X509Certificate root = withPolicies("CN=0", "CN=0");
		for (int layer = 1; layer < 18; layer++) {
			chain.add(0, withPolicies("CN=" + (layer - 1), "CN=" + layer));
		}
		assertThat(new AuthorityPath(chain, List.of(root)).find(NOW, Duration.ZERO)).isPresent();
	}

	private static X509Certificate withPolicies(String issuer, String subject) throws Exception {
		PolicyInformation[] policies = IntStream.range(1, 4)
			.mapToObj((i) -> new PolicyInformation(new ASN1ObjectIdentifier("1.2.3." + i)))
			.toArray(PolicyInformation[]::new);
		ASN1EncodableVector mappings = new ASN1EncodableVector();
		for (PolicyInformation from : policies) {
			for (PolicyInformation to : policies) {
				mappings
					.add(new DERSequence(new ASN1Encodable[] { from.getPolicyIdentifier(), to.getPolicyIdentifier() }));
			}
		}
		return sign(issuer, subject, "SHA256withECDSA", KEYS.getPrivate(),
				Extension.create(Extension.basicConstraints, true, new BasicConstraints(true)),
				Extension.create(Extension.certificatePolicies, false, new CertificatePolicies(policies)),
				Extension.create(Extension.policyMappings, false, new DERSequence(mappings)));
	}

	@ParameterizedTest
	@CsvSource(delimiter = '|', textBlock = """
			SHA256withRSA | 2.5.29.19 | 30030101ff | it is the certificate of an authority
			SHA256withRSA | 1.2.3.4   | 0500       | it has a critical extension that this JDK does not know
			SHA1withRSA   | 2.5.29.19 | 3000       | its signature algorithm SHA1withRSA is not secure
			MD5withRSA    | 2.5.29.19 | 3000       | its signature algorithm MD5withRSA is not secure
			SHA1withRSAandMGF1 | 2.5.29.19 | 3000  | its signature algorithm RSASSA-PSS is not secure""")
	void leafThatPeersMustNotAcceptIsRefused(String algorithm, String extension, String content, String problem)
			throws Exception {
		X509Certificate leaf = leaf(algorithm, extension, content);
		assertRefused(ANY_AUTHORITY, List.of(leaf), "is refused: " + problem);
	}

	/** The JDK does not limit the size of a DSA key, nor the time to verify with it. */
	@Test
	void dsaKeyIsRefusedUnchecked() throws Exception {
		KeyPairGenerator generator = KeyPairGenerator.getInstance("DSA");
		generator.initialize(1024);
		KeyPair keys = generator.generateKeyPair();
		X509Certificate authority = new TestAuthority("signer").issue(keys.getPublic(), TEMPLATE, NOW,
				NOW.plusSeconds(60));
		X509Certificate leaf = leaf("SHA256withRSA", "2.5.29.19", "3000");
		assertRefused(ANY_AUTHORITY, List.of(leaf, authority), "is refused: its chain contains a DSA key");
		assertThatExceptionOfType(RequestException.class)
			.isThrownBy(() -> ANY_AUTHORITY.check(List.of(leaf), REQUEST, List.of(authority), NOW))
			.withMessageEndingWith("is refused: the list of authorities that came with it contains a DSA key");
	}

	@Test
	void leafWithAnAlgorithmThatThisJvmDisablesIsRefused() throws Exception {
		X509Certificate leaf = leaf("SHA512withRSA", "2.5.29.19", "3000");
		for (X509Certificate secure : List.of(leaf, leaf("SHA256withRSAandMGF1", "2.5.29.19", "3000"))) {
			ANY_AUTHORITY.check(List.of(secure), REQUEST, List.of(), NOW);
		}
		String disabled = Security.getProperty("jdk.certpath.disabledAlgorithms");
		Security.setProperty("jdk.certpath.disabledAlgorithms", disabled + ", SHA512");
		try {
			assertRefused(ANY_AUTHORITY, List.of(leaf), "its signature algorithm SHA512withRSA is not secure");
		}
		finally {
			Security.setProperty("jdk.certpath.disabledAlgorithms", disabled);
		}
	}

	/** With one critical extension, signed by an RSA key. */
	private static X509Certificate leaf(String algorithm, String extension, String content) throws Exception {
		return sign("CN=signer", "CN=one", algorithm, RSA_KEYS.getPrivate(),
				new Extension(new ASN1ObjectIdentifier(extension), true, HexFormat.of().parseHex(content)));
	}

	private static X509Certificate sign(String issuer, String subject, String algorithm, PrivateKey signer,
			Extension... extensions) throws Exception {
		X509v3CertificateBuilder builder = new JcaX509v3CertificateBuilder(new X500Name(issuer), BigInteger.TEN,
				Date.from(NOW), Date.from(NOW.plusSeconds(60)), new X500Name(subject), KEYS.getPublic());
		for (Extension extension : extensions) {
			builder.addExtension(extension);
		}
		return new JcaX509CertificateConverter().getCertificate(builder
			.build(new JcaContentSignerBuilder(algorithm).setProvider(new BouncyCastleProvider()).build(signer)));
	}

	/** Dated back, as Kubernetes signers do. */
	private static X509Certificate leaf(TestAuthority authority) {
		return authority.issue(KEYS.getPublic(), TEMPLATE, NOW.minus(Duration.ofMinutes(5)),
				NOW.plus(Duration.ofHours(1)));
	}

}
