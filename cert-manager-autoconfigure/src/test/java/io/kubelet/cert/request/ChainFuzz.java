package io.kubelet.cert.request;

import java.security.GeneralSecurityException;
import java.security.KeyPair;
import java.security.Provider;
import java.security.Security;
import java.security.cert.CertPathBuilder;
import java.security.cert.CertPathBuilderException;
import java.security.cert.CertStore;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Date;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import com.code_intelligence.jazzer.junit.FuzzTest;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.testsupport.FuzzedInput;
import io.kubelet.cert.testsupport.TestAuthority;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Looks for a chain that is accepted although the JDK finds no path in it, or that is
 * refused although the JDK finds one.
 */
class ChainFuzz {

	private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private static final Provider JDK = Security.getProvider("SUN");

	private static final int MOST = 8;

	private static final List<X509Certificate> AUTHORITIES = new ArrayList<>();

	private static final List<X509Certificate> LEAVES = new ArrayList<>();

	static {
		TestAuthority root = new TestAuthority("root");
		TestAuthority stranger = new TestAuthority("stranger");
		TestAuthority namesake = new TestAuthority("root");
		TestAuthority first = root.intermediate("first");
		TestAuthority second = first.intermediate("second");
		TestAuthority third = second.intermediate("first");
		List<TestAuthority> all = List.of(root, stranger, namesake, first, second, third,
				root.intermediateFor("limited", "example.org"), stranger.intermediate("first"),
				root.intermediate("expired", NOW.minus(Duration.ofDays(9)), NOW.minusSeconds(60)),
				root.intermediate("later", NOW.plusSeconds(60), NOW.plus(Duration.ofDays(9))));
		for (TestAuthority authority : all) {
			AUTHORITIES.add(authority.certificate());
			for (int seconds : new int[] { 0, 59, 3600 }) {
				LEAVES.add(authority.issue(KEYS.getPublic(),
						CertificateTemplate.ofSubject("shop").withUris(List.of("spiffe://example.org/shop")),
						NOW.minusSeconds(seconds), NOW.plusSeconds(seconds)));
			}
		}
		Stream.of(first, second, root)
			.flatMap((authority) -> Stream.of(stranger, second, namesake).map((by) -> by.crossSign(authority)))
			.forEach(AUTHORITIES::add);
		AUTHORITIES.add(LEAVES.get(0));
	}

	@FuzzTest
	void chain(byte[] bytes) {
		FuzzedInput input = new FuzzedInput(bytes);
		X509Certificate leaf = input.one(LEAVES);
		List<X509Certificate> anchors = some(input);
		List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
		chain.addAll(some(input));
		Instant at = NOW.plusSeconds(input.nextInt(256) - 128);
		CertificatePair pair = CertificatePair.of(chain, KEYS);
		List<X509Certificate> valid = anchors.stream().filter((anchor) -> isTaken(anchor, leaf, at)).toList();
		boolean accepted = isAcceptedBy(JDK, pair.chain(), valid, at);
		FuzzedInput.requireCheap(() -> assertThat(IssuedCertificateCheck.leadsToAny(pair, anchors, at))
			.as("%s to %s at %s", chain, anchors, at)
			.isEqualTo(accepted));
	}

	private static List<X509Certificate> some(FuzzedInput input) {
		return Stream.generate(() -> input.one(AUTHORITIES)).limit(input.nextInt(MOST)).toList();
	}

	/** The JDK also accepts an authority that has expired, and a leaf as its own. */
	private static boolean isTaken(X509Certificate anchor, X509Certificate leaf, Instant at) {
		return !anchor.equals(leaf) && !at.isBefore(anchor.getNotBefore().toInstant())
				&& !at.isAfter(anchor.getNotAfter().toInstant());
	}

	static boolean isAcceptedBy(Provider provider, List<X509Certificate> chain, List<X509Certificate> anchors,
			Instant at) {
		Set<TrustAnchor> trusted = anchors.stream()
			.map((anchor) -> new TrustAnchor(anchor, null))
			.collect(Collectors.toSet());
		if (trusted.isEmpty()) {
			return false;
		}
		try {
			X509CertSelector target = new X509CertSelector();
			target.setCertificate(chain.get(0));
			PKIXBuilderParameters parameters = new PKIXBuilderParameters(trusted, target);
			parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(chain)));
			parameters.setRevocationEnabled(false);
			parameters.setDate(Date.from(at));
			CertPathBuilder.getInstance("PKIX", provider).build(parameters);
			return true;
		}
		catch (CertPathBuilderException ex) {
			return false;
		}
		catch (GeneralSecurityException ex) {
			throw new IllegalStateException(ex);
		}
	}

}
