package io.kubelet.cert.certificate;

import java.security.KeyPair;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

/**
 * Chains as signers send them, and what is presented of them.
 *
 * @see CertificateChain
 */
class CertificateChainTests {

	private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

	private static final Instant END = START.plus(Duration.ofHours(1));

	private static final KeyPair KEYS = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	@ParameterizedTest(name = "{0}")
	@MethodSource("chains")
	void leafAndOnePathArePresented(String name, List<X509Certificate> chain, List<X509Certificate> path)
			throws Exception {
		String key = EncodedKeys.privateKeyBlock(KEYS.getPrivate(), KEYS.getPublic()).write();
		for (CertificatePair pair : List.of(new CertificatePair(chain, KEYS.getPrivate()),
				CertificatePair.of(chain, KEYS), Pem.readPair(Pem.write(chain) + key))) {
			assertThat(pair.chain()).isEqualTo(path);
			assertThat(Pem.readPair(Pem.write(pair))).isEqualTo(pair);
			KeyStore store = KeyStores.holding(pair, "pair", "password");
			assertThat(store.getCertificateChain("pair")).containsExactlyElementsOf(path);
			assertThat(store.getKey("pair", "password".toCharArray())).isEqualTo(KEYS.getPrivate());
		}
	}

	static Stream<Arguments> chains() {
		TestAuthority rootAuthority = new TestAuthority("root");
		TestAuthority other = new TestAuthority("other");
		TestAuthority issuer = rootAuthority.intermediate("issuer");
		X509Certificate namesake = other.intermediate("issuer").certificate();
		X509Certificate root = rootAuthority.certificate();
		X509Certificate intermediate = issuer.certificate();
		X509Certificate crossSigned = other.crossSign(issuer);
		X509Certificate expired = rootAuthority.crossSign(issuer, START.minusSeconds(1));
		X509Certificate leaf = leaf(issuer);
		X509Certificate unrelated = other.certificate();
		TestAuthority successor = new TestAuthority("root");
		X509Certificate newWithOld = rootAuthority.crossSign(successor);
		X509Certificate reissued = rootAuthority.crossSign(rootAuthority);
		X509Certificate leafOfSuccessor = leaf(successor);
		return Stream.of(arguments("leaf alone", List.of(leaf), List.of(leaf)),
				arguments("root first", List.of(leaf, root, intermediate), List.of(leaf, intermediate, root)),
				arguments("cross-signed intermediate", List.of(leaf, intermediate, crossSigned),
						List.of(leaf, intermediate)),
				arguments("cross-signed intermediate first", List.of(leaf, crossSigned, intermediate, unrelated, root),
						List.of(leaf, crossSigned, unrelated)),
				arguments("duplicates", List.of(leaf, intermediate, intermediate, leaf, root, root),
						List.of(leaf, intermediate, root)),
				arguments("unrelated certificates", List.of(leaf, unrelated, intermediate),
						List.of(leaf, intermediate)),
				arguments("root without the intermediate", List.of(leaf, root), List.of(leaf)),
				arguments("another authority of the same name", List.of(leaf, namesake, intermediate),
						List.of(leaf, intermediate)),
				arguments("issuer that expires before the leaf", List.of(leaf, expired, intermediate),
						List.of(leaf, intermediate)),
				arguments("issuer that expires before the leaf alone", List.of(leaf, expired), List.of(leaf, expired)),
				arguments("only candidate, whose signature is not checked", List.of(leaf, namesake),
						List.of(leaf, namesake)),
				arguments("authority with a new key, which the old key has signed",
						List.of(leafOfSuccessor, reissued, newWithOld),
						List.of(leafOfSuccessor, newWithOld, reissued)));
	}

	private static X509Certificate leaf(TestAuthority authority) {
		return authority.issue(KEYS.getPublic(), CertificateTemplate.ofSubject("leaf"), START, END);
	}

}
