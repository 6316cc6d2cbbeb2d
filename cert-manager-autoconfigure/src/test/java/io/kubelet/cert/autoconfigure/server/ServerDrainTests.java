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
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerDrain}.
 */
class ServerDrainTests {

	private final TestAuthority removed = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.removed);

	private final SimulatedTime time = new SimulatedTime(Instant.EPOCH);

	private final Connections connections = new Connections();

	private final List<X509Certificate> trusted = new CopyOnWriteArrayList<>(
			List.of(this.removed.certificate(), new TestAuthority("two").certificate()));

	private final Certificate client = this.removed.pair("client").leaf();

	private final AtomicInteger reads = new AtomicInteger();

	private final LiveTrust trust = new LiveTrust("", new LiveTrust.Source(() -> "here", () -> {
		this.reads.incrementAndGet();
		return List.copyOf(this.trusted);
	}, () -> Trust.exactly(this.trusted)));

	private final LiveSslBundle bundle = Objects
		.requireNonNull(LiveSslBundle.of(this.manager.register(this.trust, this.time).getBundle("bundle")));

	private final ServerDrain drain = new ServerDrain(this.bundle, this.connections);

	/** The next rotation may begin before the followers of the last one are called. */
	@Test
	void connectionOfAPairThatWasCurrentForAMomentIsDrained() {
		List<Certificate> replaced = new ArrayList<>();
		CertificateManager.Follower follower = (name) -> {
			if (replaced.isEmpty()) {
				replaced.add(this.manager.pair().leaf());
				this.manager.replace();
			}
			this.drain.updated(name);
		};
		this.bundle.addFollower(follower);
		this.manager.rotate();
		this.manager.rotate();
		assertThat(replaced).hasSize(1);
		this.reads.set(0);
		assertThat(this.drain.isOutdated(session(replaced.get(0)))).isTrue();
		assertThat(this.drain.isOutdated(session(this.manager.pair().leaf()))).isFalse();
		assertThat(this.reads).as("readings of the trusted authorities").hasValue(0);
	}

	/** The drain of the pair begins with its own rotation. */
	@Test
	void rotationDuringTheDrainOfAnAuthorityEndsNoConnectionEarlier() {
		this.connections.open.add(session(this.manager.pair().leaf()));
		removeAuthority();
		this.time.pass(Duration.ofSeconds(29));
		this.manager.rotate();
		this.time.pass(Duration.ofSeconds(29));
		assertThat(this.connections.open).hasSize(1);
		this.time.pass(Duration.ofSeconds(1));
		assertThat(this.connections.open).isEmpty();
	}

	/** OpenSSL counts from the end of the handshake, and the clock may be set back. */
	@Test
	void connectionThatSeemsToBeLaterIsClosedWithItsAuthority() {
		this.connections.open
			.add(session(this.manager.pair().leaf(), Instant.now().plus(Duration.ofHours(1)), this.client));
		removeAuthority();
		this.connections.open.add(session(this.manager.pair().leaf(), Instant.now(), this.client));
		this.time.pass(Duration.ofSeconds(30));
		assertThat(this.connections.open).isEmpty();
	}

	/** As after a file that was read while it was being written. */
	@Test
	void connectionRemainsIfItsAuthorityIsTrustedAgain() {
		this.connections.open.add(session(this.manager.pair().leaf(), Instant.EPOCH, this.client));
		removeAuthority();
		this.trusted.add(this.removed.certificate());
		this.time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> this.bundle.followed().trust().authorities().size() == 2);
		this.time.pass(Duration.ofMinutes(1));
		assertThat(this.connections.open).hasSize(1);
	}

	/** With OpenSSL, when it began is not known, and it is not ended at a bad moment. */
	@ParameterizedTest
	@ValueSource(booleans = { true, false })
	void unfinishedHandshakeIsEndedIfItIsKnownToHaveBegunBefore(boolean known) {
		Instant began = known ? Instant.now().minusSeconds(1) : Instant.EPOCH;
		this.connections.open.add(session("SSL_NULL_WITH_NULL_NULL", null, began));
		removeAuthority();
		this.time.pass(Duration.ofSeconds(31));
		assertThat(this.connections.open.isEmpty()).isEqualTo(known);
	}

	/** Returns at the begin of the drain. */
	private void removeAuthority() {
		this.bundle.addFollower(this.drain);
		this.trusted.remove(0);
		this.time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> this.connections.drained);
	}

	/** A session of a client without a certificate, of before any change. */
	private static SSLSession session(Certificate presented) {
		return session(presented, Instant.EPOCH);
	}

	private static SSLSession session(Certificate presented, Instant created, Certificate... peer) {
		return session("TLS_AES_128_GCM_SHA256", presented, created, peer);
	}

	private static SSLSession session(String cipher, @Nullable Certificate presented, Instant created,
			Certificate... peer) {
		return (SSLSession) Proxy.newProxyInstance(SSLSession.class.getClassLoader(),
				new Class<?>[] { SSLSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getLocalCertificates" -> (presented != null) ? new Certificate[] { presented } : null;
					case "getPeerCertificates" -> {
						if (peer.length == 0) {
							throw new SSLPeerUnverifiedException("none");
						}
						yield peer;
					}
					case "getCipherSuite" -> cipher;
					case "getCreationTime" -> created.toEpochMilli();
					default -> null;
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
