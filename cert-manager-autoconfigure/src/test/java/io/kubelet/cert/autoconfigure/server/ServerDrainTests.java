package io.kubelet.cert.autoconfigure.server;

import java.lang.reflect.Proxy;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;

import javax.net.ssl.SSLPeerUnverifiedException;
import javax.net.ssl.SSLSession;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.ssl.CertificateBundles;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerDrain}.
 */
class ServerDrainTests {

	private final FixedManager manager = new FixedManager(new TestAuthority("one"));

	/** The next rotation may begin before the followers of the last one are called. */
	@Test
	void connectionOfAPairThatWasCurrentForAMomentIsDrained() {
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
		AtomicInteger reads = new AtomicInteger();
		CertificateBundles.register(registry, "bundle", this.manager, () -> {
			reads.incrementAndGet();
			return Trust.exactly(List.of());
		}, new SimulatedTime(Instant.EPOCH), Duration.ofSeconds(30));
		LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(registry.getBundle("bundle")));
		ServerDrain drain = new ServerDrain(bundle, new Connections());
		List<Certificate> replaced = new ArrayList<>();
		CertificateManager.Follower follower = (name) -> {
			if (replaced.isEmpty()) {
				replaced.add(this.manager.pair().leaf());
				this.manager.replace();
			}
			drain.updated(name);
		};
		bundle.addFollower(follower);
		this.manager.rotate();
		this.manager.rotate();
		assertThat(replaced).hasSize(1);
		reads.set(0);
		assertThat(drain.isOutdated(session(replaced.get(0)))).isTrue();
		assertThat(drain.isOutdated(session(this.manager.pair().leaf()))).isFalse();
		assertThat(reads).as("readings of the trusted authorities").hasValue(0);
	}

	/** The drain of the pair begins with its own rotation. */
	@Test
	void rotationDuringTheDrainOfAnAuthorityEndsNoConnectionEarlier() {
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		List<X509Certificate> trusted = new CopyOnWriteArrayList<>(
				List.of(new TestAuthority("one").certificate(), new TestAuthority("two").certificate()));
		DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();
		CertificateBundles.register(registry, "bundle", this.manager,
				new LiveTrust(
						new LiveTrust.Source(() -> "here", () -> List.copyOf(trusted), () -> Trust.exactly(trusted))),
				time, Duration.ofSeconds(30));
		LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(registry.getBundle("bundle")));
		Connections connections = new Connections();
		ServerDrain drain = new ServerDrain(bundle, connections);
		bundle.addFollower(drain);
		connections.open.add(session(this.manager.pair().leaf()));
		trusted.remove(0);
		time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> connections.drained);
		time.pass(Duration.ofSeconds(29));
		this.manager.rotate();
		time.pass(Duration.ofSeconds(29));
		assertThat(connections.open).hasSize(1);
		time.pass(Duration.ofSeconds(1));
		assertThat(connections.open).isEmpty();
	}

	/** A session of a client without a certificate, of before any change. */
	private static SSLSession session(Certificate presented) {
		return (SSLSession) Proxy.newProxyInstance(SSLSession.class.getClassLoader(),
				new Class<?>[] { SSLSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getLocalCertificates" -> new Certificate[] { presented };
					case "getPeerCertificates" -> throw new SSLPeerUnverifiedException("none");
					case "getCipherSuite" -> "TLS_AES_128_GCM_SHA256";
					default -> 0L;
				});
	}

	private static final class Connections implements ServerConnections {

		private final List<SSLSession> open = new ArrayList<>();

		private volatile boolean drained;

		@Override
		public void drain(Predicate<SSLSession> outdated) {
			this.drained = true;
		}

		@Override
		public void close(Predicate<SSLSession> outdated) {
			this.open.removeIf(outdated);
		}

	}

}
