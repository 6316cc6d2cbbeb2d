package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;

import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Chains as signers send them, and what is presented of them.
 */
class CertificateChainTests {

	private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	private static final Instant END = START.plus(Duration.ofHours(1));

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	@ParameterizedTest(name = "{0}")
	@MethodSource("chains")
	void leafAndOnePathArePresented(String name, List<X509Certificate> chain, List<X509Certificate> path)
			throws Exception {
		for (CertificatePair pair : List.of(new CertificatePair(chain, KEYS.getPrivate()),
				CertificatePair.of(chain, KEYS), Pem.readPair(Pem.write(chain) + key()))) {
			assertThat(pair.chain()).isEqualTo(path);
			assertKeyStoreHolds(pair);
			assertThat(Pem.readPair(Pem.write(pair))).isEqualTo(pair);
		}
	}

	static Stream<Arguments> chains() {
		return Stream.of(false, true).flatMap((identifiers) -> chains(identifiers));
	}

	private static Stream<Arguments> chains(boolean identifiers) {
		TestAuthority rootAuthority = authority("root", identifiers);
		TestAuthority other = authority("other", identifiers);
		TestAuthority issuer = rootAuthority.intermediate("issuer");
		TestAuthority namesake = identified(other.intermediate("issuer"), identifiers);
		X509Certificate root = rootAuthority.certificate();
		X509Certificate intermediate = issuer.certificate();
		X509Certificate crossSigned = other.crossSign(issuer);
		X509Certificate expired = rootAuthority.crossSign(issuer, START.minusSeconds(1));
		X509Certificate leaf = leaf(identified(issuer, identifiers));
		X509Certificate unrelated = other.certificate();
		String suffix = identifiers ? ", with key identifiers" : "";
		return Stream.of(arguments("leaf alone" + suffix, List.of(leaf), List.of(leaf)),
				arguments("leaf and intermediate" + suffix, List.of(leaf, intermediate), List.of(leaf, intermediate)),
				arguments("up to the root" + suffix, List.of(leaf, intermediate, root),
						List.of(leaf, intermediate, root)),
				arguments("root first" + suffix, List.of(leaf, root, intermediate), List.of(leaf, intermediate, root)),
				arguments("cross-signed intermediate" + suffix, List.of(leaf, intermediate, crossSigned),
						List.of(leaf, intermediate)),
				arguments("cross-signed intermediate first" + suffix,
						List.of(leaf, crossSigned, intermediate, unrelated, root),
						List.of(leaf, crossSigned, unrelated)),
				arguments("duplicates" + suffix, List.of(leaf, intermediate, intermediate, leaf, root, root),
						List.of(leaf, intermediate, root)),
				arguments("unrelated certificates" + suffix, List.of(leaf, unrelated, intermediate),
						List.of(leaf, intermediate)),
				arguments("unrelated certificate alone" + suffix, List.of(leaf, unrelated), List.of(leaf)),
				arguments("root without the intermediate" + suffix, List.of(leaf, root), List.of(leaf)),
				arguments("another authority of the same name" + suffix,
						List.of(leaf, namesake.certificate(), intermediate), List.of(leaf, intermediate)),
				arguments("issuer that expires before the leaf" + suffix, List.of(leaf, expired, intermediate),
						List.of(leaf, intermediate)),
				arguments("issuer that expires before the leaf alone" + suffix, List.of(leaf, expired),
						List.of(leaf, expired)));
	}

	/** Whether it has signed is checked only where there is a choice. */
	@Test
	void onlyCandidateIsPresentedUnverified() {
		X509Certificate leaf = leaf(authority("authority", false));
		X509Certificate namesake = authority("authority", false).certificate();
		assertThat(CertificateChain.path(List.of(leaf, namesake))).containsExactly(leaf, namesake);
	}

	/** An authority with a new key, which the old key has signed. */
	@Test
	void pathGoesOnPastAnAuthorityThatChangedItsKey() {
		TestAuthority old = authority("authority", true);
		TestAuthority successor = authority("authority", true);
		X509Certificate newWithOld = old.crossSign(successor);
		X509Certificate oldRoot = old.crossSign(old);
		X509Certificate leaf = leaf(successor);
		assertThat(new CertificatePair(List.of(leaf, oldRoot, newWithOld), KEYS.getPrivate()).chain())
			.containsExactly(leaf, newWithOld, oldRoot);
	}

	@Test
	void everyOrderOfAuthoritiesThatSignEachOtherEnds() throws Exception {
		TestAuthority one = authority("one", false);
		TestAuthority two = authority("two", false);
		X509Certificate leaf = leaf(one);
		List<X509Certificate> rest = new ArrayList<>(List.of(one.certificate(), two.certificate(), one.crossSign(two),
				two.crossSign(one), one.crossSign(one), two.crossSign(two)));
		Random random = new Random(7);
		for (int i = 0; i < 50; i++) {
			Collections.shuffle(rest, random);
			List<X509Certificate> chain = new ArrayList<>(List.of(leaf));
			chain.addAll(rest);
			CertificatePair pair = new CertificatePair(chain, KEYS.getPrivate());
			assertThat(pair.leaf()).isEqualTo(leaf);
			assertKeyStoreHolds(pair);
		}
	}

	private static void assertKeyStoreHolds(CertificatePair pair) throws Exception {
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(null, null);
		store.setKeyEntry("pair", pair.privateKey(), "password".toCharArray(),
				pair.chain().toArray(X509Certificate[]::new));
		assertThat(store.getCertificateChain("pair")).containsExactlyElementsOf(pair.chain());
	}

	private static TestAuthority authority(String name, boolean identifiers) {
		return identified(new TestAuthority(name), identifiers);
	}

	private static TestAuthority identified(TestAuthority authority, boolean identifiers) {
		return identifiers ? authority.withKeyIdentifiers() : authority;
	}

	private static X509Certificate leaf(TestAuthority authority) {
		return authority.issue(KEYS.getPublic(), CertificateTemplate.ofSubject("leaf"), START, END);
	}

	private static String key() {
		return EncodedKeys.privateKeyBlock(KEYS.getPrivate(), KEYS.getPublic()).write();
	}

}
