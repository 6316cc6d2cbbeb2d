package io.kubelet.cert.autoconfigure.client;

import java.lang.ref.Reference;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Supplier;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.CertificateBundles;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.HangingTrust;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;

import static org.assertj.core.api.Assertions.assertThat;

class LiveClientTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FixedManager manager = new FixedManager(new TestAuthority("one"));

	@Test
	void clientIsReplacedAtTheRotationAndClosedAtTheEndOfTheDrainWhateverFails() {
		List<String> closed = new ArrayList<>();
		LiveClient<AutoCloseable> client = new LiveClient<>(bundle(), (resources) -> {
			String serial = this.manager.pair().serialNumber();
			resources.accept(() -> closed.add(serial));
			return () -> {
				throw new IllegalStateException(serial + " does not close");
			};
		});
		String first = this.manager.pair().serialNumber();
		AutoCloseable before = client.get();
		assertThat(client.get()).isSameAs(before);
		this.manager.rotate();
		assertThat(client.get()).isNotSameAs(before);
		this.time.pass(Duration.ofSeconds(29));
		assertThat(closed).isEmpty();
		this.time.pass(Duration.ofSeconds(1));
		assertThat(closed).containsExactly(first);
	}

	@Test
	void clientIsClosedAtTheEndOfTheDrainOnceAnAuthorityIsNoLongerTrusted() {
		List<String> closed = new CopyOnWriteArrayList<>();
		List<X509Certificate> trusted = new ArrayList<>(
				List.of(new TestAuthority("one").certificate(), new TestAuthority("two").certificate()));
		LiveClient<AutoCloseable> client = new LiveClient<>(
				bundle(new LiveTrust(
						new LiveTrust.Source(() -> "here", () -> List.copyOf(trusted), () -> Trust.exactly(trusted)))),
				(resources) -> () -> closed.add("closed"));
		client.get();
		trusted.remove(0);
		this.time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> {
			this.time.pass(Duration.ofSeconds(30));
			return !closed.isEmpty();
		});
		Reference.reachabilityFence(client);
	}

	/** Such as on a volume whose server is away. */
	@Test
	void authoritiesThatHangInOneRequestDelayNoOther() {
		HangingTrust trust = new HangingTrust();
		LiveClient<Object> client = new LiveClient<>(bundle(trust.live()), (resources) -> new Object());
		Object before = client.get();
		try {
			trust.hang(client::get);
			assertThat(CompletableFuture.supplyAsync(client)).succeedsWithin(Duration.ofSeconds(10)).isSameAs(before);
		}
		finally {
			trust.release();
		}
	}

	private LiveSslBundle bundle() {
		return bundle(Trust::system);
	}

	private LiveSslBundle bundle(Supplier<Trust> trust) {
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
		CertificateBundles.register(registry, "bundle", this.manager, trust, this.time, Duration.ofSeconds(30));
		return (LiveSslBundle) registry.getBundle("bundle").getManagers();
	}

}
