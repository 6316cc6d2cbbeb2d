package io.kubelet.cert.certificate.peers;

import java.net.InetSocketAddress;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link RefusedPeers}.
 *
 * @see RefusedPeers
 */
@ExtendWith(OutputCaptureExtension.class)
class RefusedPeersTests {

	private static final TestAuthority authority = new TestAuthority("one");

	private final List<Runnable> inAnHour = new ArrayList<>();

	private final RefusedPeers refused = new RefusedPeers("the SSL bundle 'shop'", this.inAnHour::add);

	@Test
	void reasonIsThatOfTheFailedCheck(CapturedOutput output) {
		Instant now = Instant.now();
		refuse(authority.pair("admin", "admin.svc").leaf(), "10.0.0.1:1");
		refuse(new TestAuthority("other").pair("shop", "shop.svc").leaf(), "10.0.0.2:2");
		refuse(authority.pair(CertificateTemplate.ofSubject("old"), now.minusSeconds(60), now.minusSeconds(1)).leaf(),
				"10.0.0.3:3");
		refuse(authority.svid("spiffe://Example.org/shop").leaf(), null);
		this.refused.addMissing(address("10.0.0.4:4"));
		this.refused.add(PeerRole.SERVER, new X509Certificate[0], null, new CertificateException("a\nb"));
		assertThat(counts()).containsExactly("CLIENT NOT_ACCEPTED 1", "CLIENT UNTRUSTED 1", "CLIENT EXPIRED 1",
				"CLIENT MISSING 1", "CLIENT MALFORMED 1", "SERVER OTHER 1");
		assertThat(output).contains(
				"A client at 10.0.0.1:1 is refused by the SSL bundle 'shop': its certificate has DNS name 'admin.svc', common name 'admin', which is not accepted. To accept it, add one of these names to 'ssl.accepted-clients' of the certificate",
				"A client at 10.0.0.2:2 is refused by the SSL bundle 'shop': its certificate (DNS name 'shop.svc', common name 'shop'), issued by 'CN=other', leads to no trusted authority",
				"A client at 10.0.0.3:3 is refused by the SSL bundle 'shop': its certificate (common name 'old'), or one above it, is not valid now: it is valid from ",
				"A client is refused by the SSL bundle 'shop': The certificate with the URI 'spiffe://Example.org/shop' breaks a rule of SPIFFE for certificates: its URI is no SPIFFE ID: its trust domain must",
				"A client at 10.0.0.4:4 is refused by the SSL bundle 'shop': it presents no certificate",
				"The server is refused by the SSL bundle 'shop': a b.");
	}

	@Test
	void peerWhoseNamesCannotBeReadHasItsSubject(CapturedOutput output) {
		refuse(new TestAuthority("other")
			.pairWithMalformedNames(CertificateTemplate.ofSubject("shop"), Instant.now(), Instant.now().plusSeconds(60))
			.leaf(), null);
		assertThat(output).contains("its certificate (subject 'CN=shop'), issued by 'CN=other', leads to no trusted");
	}

	/** A server has an address, and only that of a server counts. */
	@Test
	void adviceIsForTheRoleOfThePeer(CapturedOutput output) {
		X509Certificate[] chain = { authority.pair("orders").leaf() };
		for (PeerRole role : PeerRole.values()) {
			this.refused.add(role, chain, null,
					new PeerRefusedException(RefusalReason.NOT_ACCEPTED, "it is another", null));
			this.refused.add(role, chain, null, new CertificateException("the address is another"));
		}
		assertThat(output).contains(
				"A client is refused by the SSL bundle 'shop': it is another. To accept it, add one of these names to 'ssl.accepted-clients' of the certificate\n",
				"The server is refused by the SSL bundle 'shop': it is another. To accept it, add one of these names to 'ssl.accepted-servers' of the certificate, or set 'ssl.accepted-servers.by-address'",
				"A client is refused by the SSL bundle 'shop': its certificate (common name 'orders') failed a check: the address is another. It needs another certificate\n",
				"The server is refused by the SSL bundle 'shop': its certificate (common name 'orders') failed a check: the address is another. It needs another certificate, unless one of these names is to count in place of its address: then add it to 'ssl.accepted-servers'");
	}

	@Test
	void peerIsLoggedOnceInAnHourForEachReason(CapturedOutput output) {
		X509Certificate leaf = authority.pair("admin").leaf();
		for (int i = 0; i < 3; i++) {
			refuse(leaf, "10.0.0.1:" + i);
		}
		assertThat(lines(output)).isEqualTo(1);
		assertThat(this.inAnHour).hasSize(1);
		this.inAnHour.get(0).run();
		refuse(leaf, "10.0.0.1:4");
		assertThat(lines(output)).isEqualTo(2);
		assertThat(output).doesNotContain("not logged");
		assertThat(this.refused.count(PeerRole.CLIENT, RefusalReason.NOT_ACCEPTED)).isEqualTo(4);
	}

	@Test
	void logAndMemoryAreLimitedHoweverManyPeersThereAre(CapturedOutput output) {
		IntStream.range(0, 1000).forEach((peer) -> this.refused.addMissing(address("10.0.0." + peer + ":1")));
		assertThat(lines(output)).isEqualTo(20);
		refuse(authority.pair("admin").leaf(), "10.0.0.1:1");
		refuse(authority.svid("spiffe://Example.org/shop").leaf(), "10.0.0.1:1");
		assertThat(lines(output)).as("with two that are verified").isEqualTo(22);
		assertThat(this.inAnHour).hasSize(1);
		this.inAnHour.get(0).run();
		assertThat(output).contains(
				"980 more handshakes of other peers were refused by the SSL bundle 'shop' within an hour, and not logged");
		assertThat(this.refused.count(PeerRole.CLIENT, RefusalReason.MISSING)).isEqualTo(1000);
	}

	private static long lines(CapturedOutput output) {
		return output.toString().lines().filter((line) -> line.contains("is refused by")).count();
	}

	private List<String> counts() {
		List<String> counts = new ArrayList<>();
		for (PeerRole role : PeerRole.values()) {
			for (RefusalReason reason : RefusalReason.values()) {
				long count = this.refused.count(role, reason);
				if (count > 0) {
					counts.add("%s %s %d".formatted(role, reason, count));
				}
			}
		}
		return counts;
	}

	private static InetSocketAddress address(String text) {
		int colon = text.indexOf(':');
		return InetSocketAddress.createUnresolved(text.substring(0, colon),
				Integer.parseInt(text.substring(colon + 1)));
	}

	private void refuse(X509Certificate leaf, @Nullable String address) {
		X509Certificate[] chain = { leaf };
		try {
			new LiveTrustManager(() -> Trust.exactly(List.of(authority.certificate()))).checkClientTrusted(chain,
					"UNKNOWN");
			new Named(List.of(), Set.of("shop.svc"), Set.of()).require(leaf);
		}
		catch (CertificateException ex) {
			this.refused.add(PeerRole.CLIENT, chain, (address != null) ? address(address) : null, ex);
		}
	}

}
