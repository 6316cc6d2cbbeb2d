package io.kubelet.cert.ssl;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.trust.KeyStores;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.MutualTlsServer;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslStoreBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Two authorities of one subject, as in a cluster whose authority gets a new key.
 */
class AuthoritySuccessionTests {

	private final TestAuthority before = new TestAuthority("kubernetes");

	private final TestAuthority after = new TestAuthority("kubernetes");

	@Test
	void clientPresentsItsCertificateToAServerThatTrustsBoth() throws Exception {
		SslBundle server = SslBundle.of(SslStoreBundle.of(
				KeyStores.holding(new FixedManager(this.before).pair(), "server", ""), "",
				Trust.exactly(Stream.of(this.before, this.after).map(TestAuthority::certificate).toList()).store()));
		try (MutualTlsServer mutual = new MutualTlsServer(server.createSslContext())) {
			for (TestAuthority authority : List.of(this.before, this.after)) {
				FixedManager manager = new FixedManager(authority);
				try (Connection connection = new Connection(bundle(manager).createSslContext(), mutual.uri().getPort(),
						null)) {
					assertThat(connection.get()).isEqualTo(manager.pair().leaf().getSerialNumber().toString(16));
				}
			}
		}
	}

	private SslBundle bundle(FixedManager manager) {
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
		CertificateBundles.register(registry, "bundle", manager,
				() -> Trust.exactly(List.of(this.before.certificate())), new SimulatedTime(Instant.EPOCH),
				Duration.ZERO);
		return registry.getBundle("bundle");
	}

}
