package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.KeyStore;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Queue;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.FollowedTrust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Updates of an SSL bundle whose trusted authorities change.
 */
@ExtendWith(OutputCaptureExtension.class)
class BundleTrustTests {

	private static final Duration OVERLAP = Duration.ofHours(1);

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final TestAuthority oldAuthority = new TestAuthority("old");

	private final TestAuthority newAuthority = new TestAuthority("new");

	@TempDir
	Path directory;

	private Path file;

	private FollowedTrust authorities;

	@BeforeEach
	void setUp() throws IOException {
		this.file = this.directory.resolve("ca.crt");
		write(this.oldAuthority);
		this.authorities = new FollowedTrust(TrustSource.file(this.file), OVERLAP, this.time);
	}

	/** Servers have a copy of the trust store: they are told of a change. */
	@Test
	void bundleIsUpdatedWhenTheAuthoritiesChange() throws Exception {
		IsolatedSslBundles registry = new IsolatedSslBundles();
		CertificateBundles.register(registry, "bundle", new FixedManager(this.oldAuthority), this.authorities,
				new Drain(this.time, Duration.ZERO));
		List<@Nullable KeyStore> stores = new ArrayList<>();
		registry.addBundleUpdateHandler("bundle", (bundle) -> stores.add(bundle.getStores().getTrustStore()));
		SslBundle bundle = registry.getBundle("bundle");
		assertThat(Objects.requireNonNull(bundle.getStores().getTrustStore()).size()).isEqualTo(1);
		this.time.pass(Duration.ofSeconds(20));
		assertThat(stores).isEmpty();
		write(this.newAuthority);
		this.time.pass(Duration.ofSeconds(20));
		assertThat(stores).hasSize(1);
		assertThat(Objects.requireNonNull(stores.get(0)).size()).isEqualTo(2);
		this.time.pass(OVERLAP);
		assertThat(stores).hasSize(2);
		assertThat(Objects.requireNonNull(stores.get(1)).size()).isEqualTo(1);
	}

	/** As the health endpoint of Spring Boot does: it looks at all stores each time. */
	@Test
	void bundleIsUpdatedAlthoughSomebodyElseHasSeenTheChangeAlready() throws Exception {
		IsolatedSslBundles registry = new IsolatedSslBundles();
		CertificateBundles.register(registry, "bundle", new FixedManager(this.oldAuthority), this.authorities,
				new Drain(this.time, Duration.ZERO));
		List<@Nullable KeyStore> server = new ArrayList<>();
		registry.addBundleUpdateHandler("bundle", (bundle) -> server.add(bundle.getStores().getTrustStore()));
		server.add(registry.getBundle("bundle").getStores().getTrustStore());
		for (int change = 1; change <= 2; change++) {
			TestAuthority authority = new TestAuthority("next");
			write(authority);
			this.time.pass(Duration.ofSeconds(1));
			registry.getBundle("bundle").getStores().getTrustStore();
			this.time.pass(Duration.ofSeconds(20));
			assertThat(server).hasSize(1 + change);
			KeyStore copied = Objects.requireNonNull(server.get(change));
			assertThat(copied.getCertificateAlias(authority.certificate())).isNotNull();
		}
	}

	@Test
	void authoritiesAreFollowedWhateverIsThrown(CapturedOutput output) throws Exception {
		IsolatedSslBundles registry = new IsolatedSslBundles();
		TrustSource file = TrustSource.file(this.file);
		Queue<Error> problems = new ArrayDeque<>();
		FollowedTrust authorities = new FollowedTrust(() -> {
			if (!problems.isEmpty()) {
				throw problems.remove();
			}
			return file.read();
		}, OVERLAP, this.time);
		List<SslBundle> updates = new ArrayList<>();
		CertificateBundles.register(registry, "bundle", new FixedManager(this.oldAuthority), authorities,
				new Drain(this.time, Duration.ZERO));
		registry.addBundleUpdateHandler("bundle", updates::add);
		registry.getBundle("bundle").getStores().getTrustStore();
		write(this.newAuthority);
		problems.add(new NoClassDefFoundError("missing"));
		this.time.pass(Duration.ofSeconds(10));
		assertThat(problems).isEmpty();
		assertThat(updates).isEmpty();
		assertThat(output)
			.contains("Cannot check whether the trusted authorities of the SSL bundle 'bundle' have changed")
			.doesNotContain("has taken over its update");
		this.time.pass(Duration.ofSeconds(10));
		assertThat(updates).hasSize(1);
	}

	/** As by a registry of the application, which a handler stops that throws. */
	@Test
	void updateThatIsNotTakenIsTriedAgain() throws Exception {
		List<String> problems = new ArrayList<>();
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry() {

			@Override
			public void updateBundle(String name, SslBundle updated) {
				if (!problems.isEmpty()) {
					throw new IllegalStateException(problems.remove(0));
				}
				super.updateBundle(name, updated);
			}

		};
		CertificateBundles.register(registry, "bundle", new FixedManager(this.oldAuthority), this.authorities,
				new Drain(this.time, Duration.ZERO));
		List<@Nullable KeyStore> server = new ArrayList<>();
		registry.addBundleUpdateHandler("bundle", (bundle) -> server.add(bundle.getStores().getTrustStore()));
		registry.getBundle("bundle").getStores().getTrustStore();
		write(this.newAuthority);
		problems.add("not now");
		this.time.pass(Duration.ofSeconds(10));
		assertThat(problems).isEmpty();
		assertThat(server).isEmpty();
		this.time.pass(Duration.ofSeconds(10));
		assertThat(server).hasSize(1);
		this.time.pass(Duration.ofSeconds(20));
		assertThat(server).hasSize(1);
	}

	private void write(TestAuthority authority) throws IOException {
		Path next = Files.writeString(this.directory.resolve("next.crt"), Pem.write(List.of(authority.certificate())));
		Files.move(next, this.file, StandardCopyOption.REPLACE_EXISTING);
	}

}
