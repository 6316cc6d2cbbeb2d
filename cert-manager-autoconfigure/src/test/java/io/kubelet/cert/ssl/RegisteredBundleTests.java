package io.kubelet.cert.ssl;

import java.security.KeyStore;
import java.security.Principal;
import java.security.PrivateKey;
import java.security.cert.CertificateException;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.Stream;

import javax.net.ssl.X509ExtendedKeyManager;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.LiveSource;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.rotation.internal.FileWatcher;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.ssl.SslOptions;
import org.springframework.boot.ssl.SslStoreBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.awaitility.Awaitility.await;

/**
 * Tests for {@link RegisteredBundle}.
 *
 * @see RegisteredBundle
 * @see LiveSslBundle
 * @see LiveKeyManager
 */
@ExtendWith(OutputCaptureExtension.class)
class RegisteredBundleTests {

	private static final Duration OVERLAP = Duration.ofHours(1);

	private static final Duration LIMIT = Duration.ofMinutes(1);

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority authority = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.authority);

	private final List<X509Certificate> trusted = new CopyOnWriteArrayList<>(List.of(this.authority.certificate()));

	private final DefaultSslBundleRegistry registry = this.manager.register(trust(
			new TrustSource(() -> "here", () -> List.copyOf(this.trusted), () -> Trust.exactly(this.trusted), List::of),
			this.time), this.time);

	private final SslBundle bundle = this.registry.getBundle("bundle");

	@Test
	void storesAreThoseOfTheMomentAndTheirPasswordRemainsSecret() throws Exception {
		SslStoreBundle stores = this.bundle.getStores();
		String password = Objects.requireNonNull(stores.getKeyStorePassword());
		KeyStore before = Objects.requireNonNull(stores.getKeyStore());
		this.manager.rotate();
		KeyStore after = Objects.requireNonNull(this.registry.getBundle("bundle").getStores().getKeyStore());
		assertThat(after.getCertificate("test")).isEqualTo(this.manager.pair().leaf())
			.isNotEqualTo(before.getCertificate("test"));
		assertThat(after.getKey("test", password.toCharArray())).isEqualTo(this.manager.pair().privateKey());
		assertThat(password).hasSize(36)
			.isEqualTo(stores.getKeyStorePassword())
			.isEqualTo(this.bundle.getKey().getPassword());
		assertThat(this.bundle + " " + stores + " " + this.bundle.getKey() + " " + this.bundle.getManagers())
			.doesNotContain(password);
	}

	@Test
	void handshakeThatBeganBeforeARotationEndsWithTheChainAndTheKeyOfOnePair() {
		X509ExtendedKeyManager keys = (X509ExtendedKeyManager) this.bundle.getManagers().getKeyManagers()[0];
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
		X509ExtendedKeyManager keys = (X509ExtendedKeyManager) this.bundle.getManagers().getKeyManagers()[0];
		assertThat(keys.chooseEngineServerAlias("RSA", null, null)).isNull();
		String[] types = { "RSA", "EC" };
		Principal other = new TestAuthority("other").certificate().getSubjectX500Principal();
		Principal own = this.authority.certificate().getSubjectX500Principal();
		assertThat(keys.chooseEngineClientAlias(types, new Principal[] { other }, null)).isNull();
		assertThat(keys.chooseEngineClientAlias(types, new Principal[] { other, own, own }, null)).isNotNull();
	}

	@Test
	void handlerThatThrowsStopsNoLaterRotation() {
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
	void handlerThatHangsIsReportedAndCalledForEachRotation(CapturedOutput output) {
		CountDownLatch end = new CountDownLatch(1);
		List<SslBundle> updates = new CopyOnWriteArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", (bundle) -> {
			updates.add(bundle);
			assertThatCode(end::await).doesNotThrowAnyException();
		});
		CompletableFuture<?> rotated = CompletableFuture.runAsync(this.manager::rotate);
		await().until(() -> !updates.isEmpty());
		assertThat(rotated).isNotDone();
		await().untilAsserted(() -> {
			this.time.pass(Duration.ofSeconds(5));
			assertThat(rotated).isDone();
		});
		assertThat(output).containsOnlyOnce("have not returned within 5s")
			.containsPattern("at .*RegisteredBundleTests\\.");
		end.countDown();
		this.manager.rotate();
		assertThat(updates).hasSize(2);
		assertThat(output).containsOnlyOnce("The update handlers of the SSL bundle 'bundle' have returned");
	}

	/** The health endpoint of Spring Boot looks at all stores each time, for example. */
	@Test
	void handlersAreCalledAlthoughTheExportFails() {
		DefaultSslBundleRegistry exported = new DefaultSslBundleRegistry();
		AtomicBoolean fails = new AtomicBoolean();
		RegisteredBundle.register(exported, "bundle", this.manager, () -> Trust.exactly(this.trusted),
				FixedManager.peers(), this.time, new FileWatcher(this.time), Duration.ZERO, SslOptions.NONE,
				(identity) -> {
					if (fails.get()) {
						throw new IllegalStateException("no memory");
					}
				});
		CompletableFuture<SslBundle> called = new CompletableFuture<>();
		exported.addBundleUpdateHandler("bundle", called::complete);
		fails.set(true);
		assertThatIllegalStateException().isThrownBy(this.manager::rotate);
		assertThat(called).succeedsWithin(LIMIT);
	}

	@Test
	void handlersAreCalledWhenTheAuthoritiesChangeAlsoIfSomebodyElseHasSeenItAlready() throws Exception {
		List<@Nullable KeyStore> stores = trustStores();
		this.time.pass(Duration.ofSeconds(20));
		assertThat(stores).isEmpty();
		this.trusted.set(0, new TestAuthority("two").certificate());
		this.time.pass(Duration.ofSeconds(1));
		this.bundle.getStores().getTrustStore();
		awaitHandlers(stores, 1);
		assertThat(Objects.requireNonNull(stores.get(0)).size()).isEqualTo(2);
		this.time.pass(OVERLAP);
		awaitHandlers(stores, 2);
		assertThat(Objects.requireNonNull(stores.get(1)).size()).isEqualTo(1);
	}

	@Test
	void sourceThatTellsItsChangesIsNotLookedAtPeriodically() {
		SimulatedTime idle = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));
		List<Runnable> listeners = new ArrayList<>();
		LiveTrust trust = trust(new TrustSource(() -> "here", () -> List.copyOf(this.trusted),
				() -> Trust.exactly(this.trusted), Map::of, listeners::add), idle);
		DefaultSslBundleRegistry registry = new FixedManager(this.authority).register(trust, idle);
		List<Integer> sizes = new CopyOnWriteArrayList<>();
		registry.addBundleUpdateHandler("bundle", (bundle) -> sizes.add(trust.get().authorities().size()));
		assertThat(idle.scheduled()).isZero();
		this.trusted.set(0, new TestAuthority("two").certificate());
		listeners.forEach(Runnable::run);
		idle.pass(Duration.ZERO);
		await().untilAsserted(() -> assertThat(sizes).containsExactly(2));
		idle.pass(Duration.ofMinutes(1));
		assertThat(idle.scheduled()).as("the end of the overlap").isOne();
		idle.pass(OVERLAP);
		await().untilAsserted(() -> assertThat(sizes).containsExactly(2, 1));
		assertThat(idle.scheduled()).isZero();
	}

	/** The authorities of the issuer change with the pair. */
	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void changeIsFollowedAlthoughAHandshakeIsReadingIt(boolean withPair) throws Exception {
		AtomicBoolean held = new AtomicBoolean();
		CountDownLatch reading = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		List<Runnable> listeners = new ArrayList<>();
		LiveTrust trust = trust(new TrustSource(() -> "here", () -> List.copyOf(this.trusted), () -> {
			if (held.compareAndSet(true, false)) {
				reading.countDown();
				assertThatCode(end::await).doesNotThrowAnyException();
			}
			return Trust.exactly(this.trusted);
		}, Map::of, listeners::add), this.time);
		LiveSslBundle live = Objects
			.requireNonNull(LiveSslBundle.of(this.manager.register(trust, this.time).getBundle("bundle")));
		this.trusted.set(0, new TestAuthority("two").certificate());
		held.set(true);
		Thread handshake = new Thread(live::getTrustStore);
		handshake.start();
		reading.await();
		Thread change = new Thread(() -> {
			if (withPair) {
				this.manager.rotate();
			}
			else {
				listeners.forEach(Runnable::run);
				this.time.settle();
			}
		});
		change.start();
		await().until(() -> Set.of(Thread.State.WAITING, Thread.State.TERMINATED).contains(change.getState()));
		assertThat(CompletableFuture.supplyAsync(live::getTrustStore)).as("another handshake").succeedsWithin(LIMIT);
		end.countDown();
		handshake.join();
		change.join();
		assertThat(live.followed().trust().authorities()).hasSize(2).containsAll(this.trusted);
	}

	@Test
	void changeBeforeTheTrustIsFollowedIsNotLost() {
		X509Certificate two = new TestAuthority("two").certificate();
		LiveTrust trust = trust(new TrustSource(() -> "here", () -> List.copyOf(this.trusted),
				() -> Trust.exactly(this.trusted), Map::of, (listener) -> this.trusted.set(0, two)), this.time);
		LiveSslBundle live = Objects
			.requireNonNull(LiveSslBundle.of(this.manager.register(trust, this.time).getBundle("bundle")));
		assertThat(live.followed().trust().authorities()).contains(two);
	}

	@Test
	void neitherAHandshakeNorARotationWaitsForFilesOfAVolumeThatHangs() {
		AtomicBoolean hanging = new AtomicBoolean();
		CountDownLatch end = new CountDownLatch(1);
		LiveTrust trust = new LiveTrust("", new TrustSource(() -> "here", () -> {
			if (hanging.get()) {
				assertThatCode(end::await).doesNotThrowAnyException();
			}
			return List.copyOf(this.trusted);
		}, () -> Trust.exactly(this.trusted), List::of));
		SslBundle bundle = this.manager.register(trust, this.time).getBundle("bundle");
		X509TrustManager handshakes = (X509TrustManager) bundle.getManagers().getTrustManagers()[0];
		X509Certificate[] peer = this.manager.pair().chain().toArray(X509Certificate[]::new);
		hanging.set(true);
		ExecutorService threads = Executors.newCachedThreadPool();
		List<CompletableFuture<Void>> checked = Stream.generate(() -> CompletableFuture.runAsync(
				() -> assertThatCode(() -> handshakes.checkClientTrusted(peer, "UNKNOWN")).doesNotThrowAnyException(),
				threads))
			.limit(160)
			.toList();
		await().atMost(LIMIT).untilAsserted(() -> assertThat(checked).allMatch(CompletableFuture::isDone));
		CompletableFuture<Void> look = CompletableFuture.runAsync(() -> this.time.pass(Duration.ofSeconds(10)),
				threads);
		assertThat(CompletableFuture.runAsync(this.manager::rotate, threads)).succeedsWithin(LIMIT);
		assertThat(look).isNotDone();
		this.trusted.set(0, new TestAuthority("two").certificate());
		end.countDown();
		assertThat(look).succeedsWithin(LIMIT);
		assertThatExceptionOfType(CertificateException.class)
			.isThrownBy(() -> handshakes.checkClientTrusted(peer, "UNKNOWN"));
		threads.shutdown();
	}

	/** The thread that hangs is the one that would have read the second file. */
	@Test
	void fileOfAVolumeThatHangsDelaysNoOtherFile() throws Exception {
		CountDownLatch hanging = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		AtomicBoolean hangs = new AtomicBoolean();
		TrustSource volume = new TrustSource(() -> "the volume", () -> {
			if (hangs.get()) {
				hanging.countDown();
				assertThatCode(end::await).doesNotThrowAnyException();
			}
			return 1;
		}, () -> Trust.exactly(List.of()), List::of);
		TrustSource file = new TrustSource(() -> "the file", () -> List.copyOf(this.trusted),
				() -> Trust.exactly(this.trusted), List::of);
		LiveTrust trust = new LiveTrust("",
				Stream.of(volume, file).map((source) -> new LiveSource("", "", source, (problem) -> {
					throw problem;
				})).toList(), OVERLAP, this.time);
		DefaultSslBundleRegistry registry = this.manager.register(trust, this.time);
		List<Integer> sizes = new CopyOnWriteArrayList<>();
		registry.addBundleUpdateHandler("bundle", (bundle) -> sizes.add(trust.get().authorities().size()));
		hangs.set(true);
		Thread look = new Thread(() -> this.time.pass(Duration.ofSeconds(10)));
		look.start();
		hanging.await();
		this.trusted.set(0, new TestAuthority("two").certificate());
		assertThat(CompletableFuture.runAsync(() -> this.time.pass(Duration.ofSeconds(10)))).succeedsWithin(LIMIT);
		await().untilAsserted(() -> assertThat(sizes).containsExactly(2));
		end.countDown();
		look.join();
	}

	/** The trust is looked at again once the handlers have returned. */
	private void awaitHandlers(List<?> stores, int calls) {
		await().until(() -> {
			this.time.pass(Duration.ofSeconds(10));
			return stores.size() == calls;
		});
	}

	private static LiveTrust trust(TrustSource source, Clock clock) {
		return new LiveTrust("", List.of(new LiveSource("", "", source, (problem) -> {
			throw problem;
		})), OVERLAP, clock);
	}

	/** Returns the trust store at each call of an update handler. */
	private List<@Nullable KeyStore> trustStores() {
		List<@Nullable KeyStore> stores = new CopyOnWriteArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", (bundle) -> stores.add(bundle.getStores().getTrustStore()));
		return stores;
	}

}
