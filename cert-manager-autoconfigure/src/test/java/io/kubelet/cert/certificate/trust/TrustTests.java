package io.kubelet.cert.certificate.trust;

import java.io.ByteArrayInputStream;
import java.security.InvalidKeyException;
import java.security.KeyStore;
import java.security.cert.CertificateException;
import java.security.cert.PKIXBuilderParameters;
import java.security.cert.X509CertSelector;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Tests for {@link Trust}.
 *
 * @see Trust
 * @see KeyStores
 * @see Cached
 */
class TrustTests {

	private final TestAuthority authority = new TestAuthority("one");

	private final X509Certificate[] chain = this.authority
		.pair(CertificateTemplate.ofSubject("test"), Instant.now().minusSeconds(60), Instant.now().plusSeconds(600))
		.chain()
		.toArray(X509Certificate[]::new);

	@Test
	void exactlyTheGivenAuthoritiesAreTrusted() throws Exception {
		Trust trust = Trust.exactly(List.of(this.authority.certificate(), this.authority.certificate()));
		assertThat(trust.authorities()).containsExactly(this.authority.certificate());
		assertThat(trust).hasToString("exactly [CN=one]");
		// The kubelet writes those of a volume in another order every few minutes
		X509Certificate two = new TestAuthority("two").certificate();
		assertThat(Trust.exactly(List.of(two, this.authority.certificate())))
			.isEqualTo(Trust.exactly(List.of(this.authority.certificate(), two)))
			.hasSameHashCodeAs(Trust.exactly(List.of(this.authority.certificate(), two)))
			.doesNotHaveSameHashCodeAs(Trust.exactly(List.of(two)));
		trust.manager().checkClientTrusted(this.chain, "EC");
		X509TrustManager other = Trust.exactly(List.of(new TestAuthority("one").certificate())).manager();
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> other.checkClientTrusted(this.chain, "EC"));
	}

	@Test
	void whatIsMadeOfATrustIsKeptUntilItChanges() {
		Cached<Trust, Object, RuntimeException> cached = new Cached<>((trust) -> new Object());
		Object made = cached.of(Trust.exactly(List.of()));
		assertThat(cached.of(Trust.exactly(List.of()))).isSameAs(made);
		assertThat(cached.of(Trust.system())).isNotSameAs(made);
	}

	@Test
	void filesAreOpenedWithTheirPassword() throws Exception {
		CertificatePair pair = this.authority.pair("shop");
		char[] password = "secret".toCharArray();
		KeyStore store = KeyStore.getInstance("PKCS12");
		store.load(new ByteArrayInputStream(KeyStores.pkcs12(pair, "shop", "secret")), password);
		assertThat(store.getKey("shop", password)).isEqualTo(pair.privateKey());
		assertThat(store.getCertificate("shop")).isEqualTo(pair.leaf());
		store.load(new ByteArrayInputStream(KeyStores.pkcs12(this.authority.pair("x").chain(), "secret")), password);
		assertThat(new PKIXBuilderParameters(store, new X509CertSelector()).getTrustAnchors()).hasSize(1);
	}

	/** A null store means the authorities of the JDK, and servers take no empty one. */
	@Test
	void exactlyNoneHasAStoreThatTheJdkAcceptsAndRejectsEveryone() throws Exception {
		Trust none = Trust.exactly(List.of());
		assertThatExceptionOfType(CertificateException.class).isThrownBy(none::manager)
			.withMessageContaining("No certificate authority is trusted");
		KeyStore store = Objects.requireNonNull(none.store());
		assertThat(new PKIXBuilderParameters(store, new X509CertSelector()).getTrustAnchors()).hasSize(1);
		TrustManagerFactory factory = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
		factory.init(store);
		X509TrustManager manager = (X509TrustManager) factory.getTrustManagers()[0];
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> manager.checkClientTrusted(this.chain, "EC"));
		X509Certificate itself = manager.getAcceptedIssuers()[0];
		assertThat(itself.getPublicKey().getAlgorithm()).startsWith("X");
		assertThatExceptionOfType(InvalidKeyException.class).isThrownBy(() -> itself.verify(itself.getPublicKey()));
	}

	@Test
	void systemIsTheOnlyTrustWithoutAStore() throws Exception {
		assertThat(Trust.system().store()).isNull();
		assertThat(Trust.system().authorities()).hasSizeGreaterThan(1);
		assertThat(Trust.system()).isEqualTo(Trust.system()).isNotEqualTo(Trust.exactly(List.of()));
		KeyStore other = KeyStore.getInstance("PKCS12");
		assertThat(KeyStores.isTrust(other)).as("it is not loaded").isFalse();
		other.load(null, null);
		assertThat(KeyStores.isTrust(other)).isFalse();
		assertThat(List.of(Trust.exactly(List.of()), Trust.system()))
			.allMatch((trust) -> KeyStores.isTrust(trust.store()));
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> Trust.system().manager().checkClientTrusted(this.chain, "EC"));
	}

}
