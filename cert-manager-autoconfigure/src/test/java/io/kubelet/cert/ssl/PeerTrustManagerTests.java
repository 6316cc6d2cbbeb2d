package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.InetAddress;
import java.security.AlgorithmConstraints;
import java.security.AlgorithmParameters;
import java.security.CryptoPrimitive;
import java.security.Key;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLParameters;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.certificate.peers.AcceptedPeers;
import io.kubelet.cert.certificate.peers.AcceptedPeers.Named;
import io.kubelet.cert.certificate.peers.PeerRefusedException;
import io.kubelet.cert.certificate.peers.PeerRules;
import io.kubelet.cert.certificate.peers.Peers;
import io.kubelet.cert.certificate.trust.LiveTrustManager;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link PeerTrustManager}: everything but the address is checked as before.
 *
 * @see PeerTrustManager
 * @see HandshakeView
 * @see io.kubelet.cert.certificate.peers.NameConstraints
 */
class PeerTrustManagerTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private static final TestAuthority authority = new TestAuthority("one");

	private static final AcceptedPeers shop = new Named(Named.uris(List.of(SHOP)), Set.of(), Set.of());

	private final PeerTrustManager manager = manager(Trust.exactly(List.of(authority.certificate())));

	private static PeerTrustManager manager(Trust trust) {
		return manager(trust, new PeerRules(shop, shop));
	}

	private static PeerTrustManager manager(Trust trust, PeerRules rules) {
		return new PeerTrustManager(new LiveTrustManager(() -> trust), peers(rules), (connection, leaf) -> {
		});
	}

	private static Peers peers(PeerRules rules) {
		return new Peers(rules, "the SSL bundle 'test'", (task) -> {
		}, InstantSource.system());
	}

	/** The address is one that is in no certificate. */
	@Test
	void serverIsAcceptedByItsUriWhateverTheAddress() throws Exception {
		assertThat(connect(this.manager, authority.svid(SHOP), null)).isNull();
		assertThat(connect(this.manager, authority.svid(SHOP + "2"), null))
			.hasRootCauseInstanceOf(PeerRefusedException.class);
		assertThat(connect(this.manager, authority.pair("any", "localhost"), null))
			.hasRootCauseInstanceOf(PeerRefusedException.class);
	}

	@Test
	void serverIsComparedWithTheAddressIfNoServersAreListed() throws Exception {
		PeerTrustManager byAddress = manager(Trust.exactly(List.of(authority.certificate())),
				new PeerRules(shop, AcceptedPeers.everyone()));
		assertThat(connect(byAddress, authority.svid(SHOP), null)).hasStackTraceContaining("127.0.0.1");
		assertThat(connect(byAddress, authority.pair("any", "localhost"), null)).hasStackTraceContaining("127.0.0.1");
	}

	@Test
	void constraintsOfTheConnectionApply() throws Exception {
		CertificatePair pair = authority.svid(SHOP);
		assertThat(connect(this.manager, pair, new Without(pair.leaf().getPublicKey())))
			.hasStackTraceContaining("CertPathValidatorException: Algorithm constraints check failed");
	}

	/** Without a connection there is no address to compare, and the names are checked. */
	@Test
	void namesAreCheckedWithoutAConnection() throws Exception {
		X509Certificate[] accepted = { authority.svid(SHOP).leaf() };
		X509Certificate[] refused = { authority.svid(SHOP + "2").leaf() };
		this.manager.checkServerTrusted(accepted, "UNKNOWN");
		this.manager.checkClientTrusted(accepted, "UNKNOWN");
		refuses(() -> this.manager.checkServerTrusted(refused, "UNKNOWN"));
		refuses(() -> this.manager.checkClientTrusted(refused, "UNKNOWN"));
	}

	@Test
	void failureOfACheckRefusesThePeer() {
		X509Certificate[] chain = { authority.svid(SHOP).leaf() };
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> this.manager.checkServerTrusted(new X509Certificate[0], "UNKNOWN"))
			.withMessageContaining("could not be checked");
		assertThatExceptionOfType(CertificateException.class).isThrownBy(() -> {
			PeerTrustManager failing = new PeerTrustManager(new LiveTrustManager(() -> {
				throw new IllegalStateException();
			}), peers(PeerRules.NONE), (connection, leaf) -> {
			});
			failing.checkClientTrusted(chain, "UNKNOWN");
		});
	}

	@Test
	void chainValidityAndUsageAreCheckedFirst() {
		X509Certificate[] other = { new TestAuthority("one").svid(SHOP).leaf() };
		assertThatThrownBy(() -> this.manager.checkClientTrusted(other, "UNKNOWN"))
			.isNotInstanceOf(PeerRefusedException.class);
		CertificateTemplate template = CertificateTemplate.ofSubject("any").withUris(List.of(SHOP));
		Instant now = Instant.now();
		X509Certificate[] expired = { authority.pair(template, now.minusSeconds(60), now.minusSeconds(1)).leaf() };
		assertThatThrownBy(() -> this.manager.checkClientTrusted(expired, "UNKNOWN"))
			.hasStackTraceContaining("CertificateExpiredException");
		X509Certificate[] ofServer = {
				authority.issue(authority.svid(SHOP).leaf().getPublicKey(), template, now.minusSeconds(60),
						now.plus(Duration.ofHours(1)), List.of(Usage.DIGITAL_SIGNATURE, Usage.SERVER_AUTH)) };
		assertThatThrownBy(() -> this.manager.checkClientTrusted(ofServer, "UNKNOWN"))
			.hasStackTraceContaining("Extended key usage does not permit use for TLS client authentication");
	}

	@Test
	void nameConstraintsOfAnIntermediateApply() throws Exception {
		TestAuthority permitted = authority.intermediateFor("permitted", "example.org");
		TestAuthority limited = authority.intermediateFor("limited", "other.example");
		this.manager.checkClientTrusted(chain(permitted), "UNKNOWN");
		assertThatThrownBy(() -> this.manager.checkClientTrusted(chain(limited), "UNKNOWN"))
			.hasStackTraceContaining("name constraints");
	}

	/** The JDK applies those of an authority only if it is not trusted itself. */
	@Test
	void nameConstraintsOfATrustedAuthorityApply() throws Exception {
		TestAuthority permitted = authority.intermediateFor("permitted", "example.org");
		TestAuthority limited = authority.intermediateFor("limited", "other.example");
		PeerTrustManager trusting = manager(
				Trust.exactly(List.of(authority.certificate(), permitted.certificate(), limited.certificate())));
		trusting.checkClientTrusted(chain(permitted), "UNKNOWN");
		trusting.checkServerTrusted(chain(permitted), "UNKNOWN");
		for (X509Certificate[] chain : List.of(chain(limited), new X509Certificate[] { chain(limited)[0] })) {
			assertThatThrownBy(() -> trusting.checkClientTrusted(chain, "UNKNOWN"))
				.hasMessage("The authority 'CN=limited' must not issue a certificate with these names");
			assertThatThrownBy(() -> trusting.checkServerTrusted(chain, "UNKNOWN"))
				.hasMessage("The authority 'CN=limited' must not issue a certificate with these names");
		}
		// Above one without constraints
		TestAuthority below = limited.intermediate("below");
		X509Certificate[] longer = { below.svid(SHOP).leaf(), below.certificate() };
		assertThatThrownBy(() -> trusting.checkClientTrusted(longer, "UNKNOWN")).hasMessageContaining("'CN=limited'");
	}

	private static X509Certificate[] chain(TestAuthority issuer) {
		return Stream.of(issuer.svid(SHOP).leaf(), issuer.certificate()).toArray(X509Certificate[]::new);
	}

	/**
	 * An authority that is trusted signs nothing with the name of a peer, but may be one.
	 */
	@Test
	void authorityIsNoPeer() {
		TestAuthority shopAuthority = new TestAuthority("shop");
		PeerTrustManager trusting = manager(Trust.exactly(List.of(shopAuthority.certificate())));
		refuses(() -> trusting.checkClientTrusted(new X509Certificate[] { shopAuthority.certificate() }, "UNKNOWN"));
	}

	private static void refuses(ThrowingCallable check) {
		assertThatThrownBy(check).isInstanceOf(CertificateException.class);
	}

	/** Connects to an address, and returns why the client refused the server. */
	private static @Nullable Throwable connect(PeerTrustManager client, CertificatePair server,
			@Nullable AlgorithmConstraints constraints) throws Exception {
		SSLContext ofServer = InsistentKeyManager.context(server, Trust.system(), "TLS");
		SSLContext ofClient = SSLContext.getInstance("TLS");
		ofClient.init(null, new TrustManager[] { client }, null);
		try (SSLServerSocket listener = (SSLServerSocket) ofServer.getServerSocketFactory()
			.createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			CompletableFuture<Void> accepted = CompletableFuture.runAsync(() -> accept(listener));
			try (SSLSocket socket = (SSLSocket) ofClient.getSocketFactory()
				.createSocket("127.0.0.1", listener.getLocalPort())) {
				SSLParameters parameters = socket.getSSLParameters();
				parameters.setEndpointIdentificationAlgorithm("HTTPS");
				if (constraints != null) {
					parameters.setAlgorithmConstraints(constraints);
				}
				socket.setSSLParameters(parameters);
				socket.startHandshake();
				return null;
			}
			catch (IOException ex) {
				return ex;
			}
			finally {
				accepted.join();
			}
		}
	}

	private static void accept(SSLServerSocket listener) {
		try (SSLSocket socket = (SSLSocket) listener.accept()) {
			socket.startHandshake();
		}
		catch (IOException ex) {
			// The client has refused the server
		}
	}

	/** Permits everything but one key. */
	private record Without(Key forbidden) implements AlgorithmConstraints {

		@Override
		public boolean permits(Set<CryptoPrimitive> primitives, String algorithm,
				@Nullable AlgorithmParameters parameters) {
			return true;
		}

		@Override
		public boolean permits(Set<CryptoPrimitive> primitives, Key key) {
			return !key.equals(this.forbidden);
		}

		@Override
		public boolean permits(Set<CryptoPrimitive> primitives, String algorithm, Key key,
				@Nullable AlgorithmParameters parameters) {
			return !key.equals(this.forbidden);
		}

	}

}
