package io.kubelet.cert.certificate.peers;

import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link SeenPeers}.
 *
 * @see SeenPeers
 */
class SeenPeersTests {

	private static final Instant START = Instant.parse("2026-12-01T10:00:00Z");

	private static final TestAuthority authority = new TestAuthority("one");

	private static final X509Certificate leaf = authority.pair("shop", "shop.svc").leaf();

	private final SeenPeers seen = new SeenPeers(() -> START);

	@Test
	void entryIsOfThePeerAndNotOfItsCertificate() {
		X509Certificate next = authority
			.pair(CertificateTemplate.ofSubject("shop"), Instant.now().minusSeconds(60),
					Instant.now().plusSeconds(7200))
			.leaf();
		add(PeerRole.CLIENT, "shop", leaf, authority, START);
		add(PeerRole.CLIENT, "shop", next, authority, START.plusSeconds(2));
		add(PeerRole.CLIENT, "shop", leaf, authority, START.plusSeconds(1));
		add(PeerRole.SERVER, "shop", leaf, authority, START);
		SeenPeer.Authority issuer = new SeenPeer.Authority("CN=one",
				CertificateNames.fingerprint(authority.certificate()),
				authority.certificate().getNotBefore().toInstant());
		assertThat(list()).containsExactly(
				new SeenPeer("shop", PeerRole.CLIENT, issuer, next.getNotBefore().toInstant(),
						next.getNotAfter().toInstant(), START, START.plusSeconds(2), 3, 0),
				new SeenPeer("shop", PeerRole.SERVER, issuer, leaf.getNotBefore().toInstant(),
						leaf.getNotAfter().toInstant(), START, START, 1, 0));
	}

	@Test
	void longestUnseenPeersOfAnAuthorityMakeWayAndNoOthers() {
		TestAuthority other = new TestAuthority("other");
		add(PeerRole.CLIENT, "orders", leaf, other, START);
		for (int peer = 0; peer < 10_000; peer++) {
			add(PeerRole.CLIENT, "shop-" + peer, leaf, authority, START.plusSeconds(peer + 1));
			add(PeerRole.CLIENT, "often", leaf, authority, START.plusSeconds(peer + 1));
		}
		List<String> names = list().stream().map(SeenPeer::identity).toList();
		assertThat(names).hasSize(501)
			.contains("orders", "often", "shop-9999", "shop-9501")
			.doesNotContain("shop-9500");
		assertThat(list()).filteredOn((peer) -> peer.identity().equals("often"))
			.extracting(SeenPeer::handshakes)
			.containsExactly(10_000L);
	}

	@Test
	void longestUnusedAuthoritiesMakeWay() {
		List<TestAuthority> authorities = new ArrayList<>();
		IntStream.range(0, 101).forEach((number) -> authorities.add(new TestAuthority("authority-" + number)));
		authorities.forEach((issuer) -> add(PeerRole.CLIENT, "shop", leaf, issuer, START));
		assertThat(list()).hasSize(100)
			.extracting((peer) -> peer.authority().subject())
			.contains("CN=authority-100")
			.doesNotContain("CN=authority-0");
	}

	@Test
	void peerIsCurrentForADayOrWhileItIsConnected() {
		SeenPeers.Entry shop = add(PeerRole.CLIENT, "shop", leaf, authority, START);
		SeenPeer gone = list().get(0);
		assertThat(gone.isCurrent(START.plus(Duration.ofDays(1)).minusMillis(1))).isTrue();
		assertThat(gone.isCurrent(START.plus(Duration.ofDays(1)))).isFalse();
		SeenPeer connected = this.seen.list(Map.of(shop, 2)).get(0);
		assertThat(connected.connections()).isEqualTo(2);
		assertThat(connected.isCurrent(START.plus(Duration.ofDays(2)))).isTrue();
	}

	@Test
	void nameIsTheAcceptedOneOrTheFirst() {
		AcceptedPeers everyone = AcceptedPeers.everyone();
		AcceptedPeers shop = new Named(List.of(), Set.of("b.svc"), Set.of("shop"));
		X509Certificate names = authority.pair("shop", "a.svc", "b.svc").leaf();
		assertThat(shop.nameOf(names)).isEqualTo("b.svc");
		assertThat(everyone.nameOf(names)).isEqualTo("a.svc");
		assertThat(shop.nameOf(authority.pair("shop").leaf())).isEqualTo("shop");
		assertThat(everyone.nameOf(authority.svid("spiffe://example.org/shop").leaf()))
			.isEqualTo("spiffe://example.org/shop");
		assertThat(everyone.nameOf(authority.svid("spiffe://Example.org/shop").leaf())).as("malformed").isEmpty();
	}

	private SeenPeers.Entry add(PeerRole role, String name, X509Certificate certificate, TestAuthority issuer,
			Instant at) {
		return this.seen.add(role, name, certificate, issuer.certificate(), at);
	}

	private List<SeenPeer> list() {
		return this.seen.list(Map.of());
	}

}
