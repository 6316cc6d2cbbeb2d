package io.kubelet.cert.ssl;

import java.io.IOException;
import java.lang.ref.Reference;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Objects;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;

/**
 * Updates of an SSL bundle whose trusted authorities change.
 */
@ExtendWith(OutputCaptureExtension.class)
class BundleTrustTests {

	private static final Duration OVERLAP = Duration.ofHours(1);

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority oldAuthority = new TestAuthority("old");

	private final TestAuthority newAuthority = new TestAuthority("new");

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	@TempDir
	Path directory;

	private Path file;

	private LiveTrust authorities;

	@BeforeEach
	void setUp() throws IOException {
		this.file = this.directory.resolve("ca.crt");
		write(this.oldAuthority);
		this.authorities = trust(LiveTrust.Source.file(this.file));
	}

	/** The health endpoint of Spring Boot looks at all stores each time, for example. */
	@Test
	void handlersAreCalledWhenTheAuthoritiesChangeAlsoIfSomebodyElseHasSeenItAlready() throws Exception {
		List<@Nullable KeyStore> stores = register(this.authorities);
		this.time.pass(Duration.ofSeconds(20));
		assertThat(stores).isEmpty();
		write(this.newAuthority);
		this.time.pass(Duration.ofSeconds(1));
		this.registry.getBundle("bundle").getStores().getTrustStore();
		awaitHandlers(stores, 1);
		assertThat(Objects.requireNonNull(stores.get(0)).size()).isEqualTo(2);
		this.time.pass(OVERLAP);
		awaitHandlers(stores, 2);
		assertThat(Objects.requireNonNull(stores.get(1)).size()).isEqualTo(1);
	}

	/** The trust is looked at again once the handlers have returned. */
	private void awaitHandlers(List<?> stores, int calls) {
		Awaitility.await().until(() -> {
			this.time.pass(Duration.ofSeconds(10));
			return stores.size() == calls;
		});
	}

	@Test
	void authoritiesAreFollowedWhateverIsThrown(CapturedOutput output) throws Exception {
		LiveTrust.Source file = LiveTrust.Source.file(this.file);
		Queue<Error> problems = new ArrayDeque<>();
		List<@Nullable KeyStore> stores = register(trust(new LiveTrust.Source(file.origin(), () -> {
			if (!problems.isEmpty()) {
				throw problems.remove();
			}
			return file.version().get();
		}, file.trust())));
		write(this.newAuthority);
		problems.add(new NoClassDefFoundError("missing"));
		this.time.pass(Duration.ofSeconds(10));
		assertThat(problems).isEmpty();
		assertThat(stores).isEmpty();
		assertThat(output)
			.contains("Cannot check whether the trusted authorities of the SSL bundle 'bundle' have changed");
		this.time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> stores.size() == 1);
	}

	/** Such as a broker that does not answer. The threads are those of all rotations. */
	@Test
	void followerThatBlocksKeepsNoThreadOfTheScheduler() throws Exception {
		register(this.authorities);
		CountDownLatch called = new CountDownLatch(1);
		CountDownLatch end = new CountDownLatch(1);
		CertificateManager.Follower follower = (bundleName) -> {
			called.countDown();
			assertThatCode(end::await).doesNotThrowAnyException();
		};
		Objects.requireNonNull(LiveSslBundle.of(this.registry.getBundle("bundle"))).addFollower(follower);
		write(this.newAuthority);
		this.time.pass(Duration.ofSeconds(10));
		called.await();
		try {
			write(this.oldAuthority);
			assertThat(CompletableFuture.runAsync(() -> this.time.pass(OVERLAP), (task) -> new Thread(task).start()))
				.succeedsWithin(Duration.ofMinutes(2));
			assertThat(Thread.getAllStackTraces().keySet())
				.filteredOn((thread) -> thread.getName().startsWith("ssl-bundle-bundle-"))
				.hasSizeLessThanOrEqualTo(2);
		}
		finally {
			end.countDown();
			Reference.reachabilityFence(follower);
		}
	}

	private LiveTrust trust(LiveTrust.Source source) {
		return new LiveTrust(source, OVERLAP, this.time, (problem) -> {
			throw problem;
		});
	}

	/** Returns the trust store at each call of an update handler. */
	private List<@Nullable KeyStore> register(LiveTrust authorities) {
		CertificateBundles.register(this.registry, "bundle", new FixedManager(this.oldAuthority), authorities,
				this.time, Duration.ZERO);
		List<@Nullable KeyStore> stores = new CopyOnWriteArrayList<>();
		this.registry.addBundleUpdateHandler("bundle", (bundle) -> stores.add(bundle.getStores().getTrustStore()));
		return stores;
	}

	private void write(TestAuthority authority) throws IOException {
		Path next = Files.writeString(this.directory.resolve("next.crt"), Pem.write(List.of(authority.certificate())));
		Files.move(next, this.file, StandardCopyOption.REPLACE_EXISTING);
	}

}
