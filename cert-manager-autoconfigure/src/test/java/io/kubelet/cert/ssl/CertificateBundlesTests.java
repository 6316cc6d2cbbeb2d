package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import javax.net.ssl.X509ExtendedKeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.core.task.SimpleAsyncTaskExecutor;
import org.springframework.test.util.ReflectionTestUtils;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

@ExtendWith(OutputCaptureExtension.class)
class CertificateBundlesTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority authority = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.authority);

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	@Test
	void storesAreThoseOfTheMomentAndTheirPasswordRemainsSecret() throws Exception {
		SslBundle bundle = register();
		String password = Objects.requireNonNull(bundle.getStores().getKeyStorePassword());
		KeyStore before = keyStore(bundle);
		this.manager.rotate();
		assertThat(bundle).isSameAs(this.registry.getBundle("bundle"));
		assertThat(leaf(bundle)).isEqualTo(this.manager.pair().leaf()).isNotEqualTo(before.getCertificate("test"));
		assertThat(password).hasSize(32)
			.isEqualTo(bundle.getStores().getKeyStorePassword())
			.isEqualTo(bundle.getKey().getPassword());
		assertThat(keyStore(bundle).getKey("test", password.toCharArray())).isEqualTo(this.manager.pair().privateKey());
		assertThat(bundle + " " + bundle.getStores() + " " + bundle.getKey() + " " + bundle.getManagers())
			.doesNotContain(password);
	}

	@Test
	void handshakeThatBeganBeforeARotationEndsWithTheChainAndTheKeyOfOnePair() {
		X509ExtendedKeyManager keys = (X509ExtendedKeyManager) register().getManagers().getKeyManagers()[0];
		CertificatePair before = this.manager.pair();
		String alias = keys.chooseEngineServerAlias("EC", null, null);
		X509Certificate[] chain = keys.getCertificateChain(alias);
		this.manager.rotate();
		keys.chooseEngineServerAlias("EC", null, null);
		PrivateKey key = keys.getPrivateKey(alias);
		assertThat(new CertificatePair(List.of(chain), key)).isEqualTo(before);
	}

	/** During a succession, two authorities of one subject are accepted. */
	@Test
	void keyOfAnotherTypeOrIssuerIsNotOffered() {
		X509ExtendedKeyManager keys = (X509ExtendedKeyManager) register().getManagers().getKeyManagers()[0];
		assertThat(keys.chooseEngineServerAlias("RSA", null, null)).isNull();
		String[] types = { "RSA", "EC" };
		Principal other = new TestAuthority("other").certificate().getSubjectX500Principal();
		Principal own = this.authority.certificate().getSubjectX500Principal();
		assertThat(keys.chooseEngineClientAlias(types, new Principal[] { other }, null)).isNull();
		assertThat(keys.chooseEngineClientAlias(types, new Principal[] { other, own, own }, null)).isNotNull();
	}

	@Test
	void handlerThatThrowsStopsNoLaterRotation() {
		register();
		List<SslBundle> updates = new ArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", (bundle) -> {
			updates.add(bundle);
			throw new IllegalStateException("This server takes nothing");
		});
		this.manager.rotate();
		this.manager.rotate();
		assertThat(updates).hasSize(2).containsOnly(this.registry.getBundle("bundle"));
	}

	@Test
	void handlersAreCalledAgainAfterTheirThreadCouldNotBeStarted(CapturedOutput output) {
		register();
		List<SslBundle> updates = new ArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", updates::add);
		SimpleAsyncTaskExecutor threads = (SimpleAsyncTaskExecutor) Objects
			.requireNonNull(ReflectionTestUtils.getField(this.manager.followers.get(0), "threads"));
		threads.setThreadFactory((task) -> {
			throw new OutOfMemoryError("unable to create native thread");
		});
		this.manager.rotate();
		assertThat(output).containsOnlyOnce("The update handlers of the SSL bundle 'bundle' could not be called")
			.doesNotContain("have not returned");
		threads.setThreadFactory(Thread::new);
		this.manager.rotate();
		assertThat(updates).hasSize(1);
	}

	/** Later rotations do not wait for it. */
	@Test
	void handlerThatHangsIsReportedOnceAndCalledForEachRotation(CapturedOutput output) {
		register();
		CountDownLatch end = new CountDownLatch(1);
		List<SslBundle> updates = new CopyOnWriteArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", (bundle) -> {
			updates.add(bundle);
			assertThatCode(end::await).doesNotThrowAnyException();
		});
		for (int rotation = 0; rotation < 3; rotation++) {
			this.manager.rotate();
		}
		assertThat(updates).hasSize(1);
		assertThat(output).containsOnlyOnce("have not returned within 5s");
		end.countDown();
		Awaitility.await().until(() -> updates.size() == 3);
	}

	private SslBundle register() {
		CertificateBundles.register(this.registry, "bundle", this.manager,
				() -> Trust.exactly(List.of(this.authority.certificate())), this.time, Duration.ofSeconds(30));
		return this.registry.getBundle("bundle");
	}

	private static X509Certificate leaf(SslBundle bundle) throws Exception {
		return (X509Certificate) keyStore(bundle).getCertificate("test");
	}

	private static KeyStore keyStore(SslBundle bundle) {
		return Objects.requireNonNull(bundle.getStores().getKeyStore());
	}

}
