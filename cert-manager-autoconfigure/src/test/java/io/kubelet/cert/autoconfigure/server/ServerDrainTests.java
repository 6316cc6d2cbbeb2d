package io.kubelet.cert.autoconfigure.server;

import java.lang.ref.Reference;
import java.lang.reflect.Proxy;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Predicate;

import javax.net.ssl.SSLSession;
import javax.net.ssl.X509ExtendedKeyManager;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.ExpiredConnections;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.ssl.SslBundle;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link ServerDrain}.
 *
 * @see ServerDrain
 */
@ExtendWith(OutputCaptureExtension.class)
class ServerDrainTests implements ServerConnections {

	private final TestAuthority removed = new TestAuthority("removed");

	private final TestAuthority remaining = new TestAuthority("remaining");

	private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();

	private final List<SSLSession> open = new ArrayList<>();

	private volatile boolean drained;

	/** OpenSSL counts from the end of the handshake, and the clock may be set back. */
	@Test
	void connectionOfARemovedAuthorityIsClosedAlsoIfItSeemsToBeLater() {
		FixedManager manager = new FixedManager(this.remaining);
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		List<X509Certificate> trusted = new CopyOnWriteArrayList<>(
				List.of(this.removed.certificate(), this.remaining.certificate()));
		LiveTrust trust = new LiveTrust("",
				new TrustSource(() -> "here", () -> List.copyOf(trusted), () -> Trust.exactly(trusted), List::of));
		LiveSslBundle bundle = Objects
			.requireNonNull(LiveSslBundle.of(manager.register(trust, time).getBundle("bundle")));
		ServerDrain drain = new ServerDrain(bundle, this);
		bundle.addFollower(drain);
		Certificate leaf = manager.pair().leaf();
		SSLSession other = session(leaf, this.remaining.pair("client"));
		SSLSession expired = session(leaf, this.remaining.pair(CertificateTemplate.ofSubject("expired"), Instant.EPOCH,
				Instant.now().minusSeconds(1)));
		this.open.addAll(List.of(session(leaf, this.removed.pair("client")), other, expired));
		trusted.remove(0);
		time.pass(Duration.ofSeconds(10));
		Awaitility.await().until(() -> this.drained);
		time.pass(Duration.ofSeconds(31));
		assertThat(this.open).containsExactly(other, expired);
		for (int hours = 0; hours < 3; hours++) {
			this.open.add(session(leaf, this.removed.pair("client")));
			time.pass(Duration.ofHours(1));
			assertThat(this.open).as("with handshakes that were held open").containsExactly(other, expired);
		}
		trusted.add(0, new TestAuthority("added").certificate());
		time.pass(Duration.ofHours(1));
		trusted.remove(0);
		time.pass(Duration.ofHours(1));
		this.open.add(session(leaf, this.removed.pair("client")));
		time.pass(Duration.ofHours(1));
		assertThat(this.open).as("after other changes").containsExactly(other, expired);
		assertThat(time.scheduled()).as("looks at files and at these connections").isEqualTo(2);
		Reference.reachabilityFence(drain);
	}

	/**
	 * Update handlers that take their time delay the followers, which then learn of the
	 * last rotation only.
	 */
	@Test
	void connectionOfAPairThatWasReplacedBeforeItWasFollowedIsClosed() {
		FixedManager manager = new FixedManager(this.remaining);
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		SslBundle registered = manager.register(() -> Trust.exactly(List.of()), time).getBundle("bundle");
		LiveSslBundle bundle = Objects.requireNonNull(LiveSslBundle.of(registered));
		ServerDrain drain = new ServerDrain(bundle, this);
		bundle.addFollower(drain);
		SSLSession first = session(manager.pair().leaf(), manager.pair());
		manager.replace();
		SSLSession ofManagers = handshake(manager,
				() -> ((X509ExtendedKeyManager) bundle.getKeyManagers()[0]).chooseEngineServerAlias("EC", null, null));
		manager.replace();
		SSLSession ofContext = handshake(manager, () -> registered.createSslContext().createSSLEngine());
		SSLSession ofAnotherBundle = session(this.removed.pair("other").leaf(), manager.pair());
		manager.rotate();
		SSLSession current = session(manager.pair().leaf(), manager.pair());
		this.open.addAll(List.of(first, ofManagers, ofContext, ofAnotherBundle, current));
		assertThat(this.open).filteredOn(drain::isOutdated).containsExactly(first, ofManagers, ofContext);
		time.pass(Duration.ofSeconds(31));
		assertThat(this.open).containsExactly(ofAnotherBundle, current);
	}

	/** Nothing asks such a connection to close: neither GOAWAY nor a header. */
	@Test
	void connectionWhoseHandshakeIsHeldOpenBeyondTheDrainIsClosedLater() {
		FixedManager manager = new FixedManager(this.remaining);
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		LiveSslBundle bundle = Objects.requireNonNull(
				LiveSslBundle.of(manager.register(() -> Trust.exactly(List.of()), time).getBundle("bundle")));
		ServerDrain drain = new ServerDrain(bundle, this);
		bundle.addFollower(drain);
		SSLSession held = session(manager.pair().leaf(), manager.pair());
		manager.rotate();
		SSLSession current = session(manager.pair().leaf(), manager.pair());
		time.pass(Duration.ofSeconds(31));
		this.open.add(current);
		for (int hours = 0; hours < 3; hours++) {
			this.open.add(held);
			time.pass(Duration.ofHours(1));
			assertThat(this.open).containsExactly(current);
		}
		Reference.reachabilityFence(drain);
	}

	@Test
	void connectionThatPresentsAnExpiredCertificateIsReportedOnceForABundle(CapturedOutput output) {
		FixedManager manager = new FixedManager(this.remaining);
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		LiveSslBundle bundle = Objects.requireNonNull(
				LiveSslBundle.of(manager.register(() -> Trust.exactly(List.of()), time).getBundle("bundle")));
		ServerDrain drain = new ServerDrain(bundle, this);
		ExpiredConnections expired = new ExpiredConnections(bundle, Clock.systemUTC());
		List.of(drain, expired).forEach(bundle::addFollower);
		for (boolean held : List.of(false, true, true)) {
			manager.rotateUntil(Instant.now().plusSeconds(20));
			if (held) {
				this.open.add(session(manager.pair().leaf(), manager.pair()));
			}
			manager.rotate();
			time.pass(Duration.ofSeconds(21));
			assertThat(output.toString().contains("of the SSL bundle 'bundle' that expired at")).isEqualTo(held);
			time.pass(Duration.ofSeconds(10));
		}
		assertThat(output).containsOnlyOnce("that expired at").contains("'ssl.drain' of the certificate, now 30s");
		Reference.reachabilityFence(drain);
		Reference.reachabilityFence(expired);
	}

	/** A certificate that is rotated by hand, or often, may have long to live. */
	@Test
	void numberOfTimersDoesNotGrowWithTheNumberOfRotations() {
		FixedManager manager = new FixedManager(this.remaining);
		SimulatedTime time = new SimulatedTime(Instant.now());
		LiveSslBundle bundle = Objects.requireNonNull(
				LiveSslBundle.of(manager.register(() -> Trust.exactly(List.of()), time).getBundle("bundle")));
		ServerDrain drain = new ServerDrain(bundle, this);
		ExpiredConnections expired = new ExpiredConnections(bundle, time);
		List.of(drain, expired).forEach(bundle::addFollower);
		for (int rotations = 0; rotations < 150; rotations++) {
			manager.rotateUntil(time.instant().plus(Duration.ofDays(90)));
			time.pass(Duration.ofSeconds(31));
			// The end of the first of them, and handshakes that are held open
			assertThat(time.scheduled()).isLessThanOrEqualTo(2);
		}
		Reference.reachabilityFence(drain);
		Reference.reachabilityFence(expired);
	}

	/** No well-defined expiration date (RFC 5280, 4.1.2.5). */
	@Test
	void certificateWithoutAnEndIsFollowed(CapturedOutput output) {
		FixedManager manager = new FixedManager(this.remaining);
		LiveSslBundle bundle = Objects.requireNonNull(
				LiveSslBundle.of(manager.register(() -> Trust.exactly(List.of()), RotationScheduler.of(this.timer))
					.getBundle("bundle")));
		ExpiredConnections expired = new ExpiredConnections(bundle, Clock.systemUTC());
		bundle.addFollower(expired);
		manager.rotateUntil(Instant.parse("9999-12-31T23:59:59Z"));
		manager.rotate();
		Reference.reachabilityFence(expired);
		assertThat(output).doesNotContain("failed to follow");
		this.timer.shutdownNow();
	}

	private static SSLSession handshake(FixedManager manager, Runnable handshake) {
		handshake.run();
		return session(manager.pair().leaf(), manager.pair());
	}

	private static SSLSession session(Certificate presented, CertificatePair client) {
		X509Certificate[] peer = { client.leaf() };
		return (SSLSession) Proxy.newProxyInstance(SSLSession.class.getClassLoader(),
				new Class<?>[] { SSLSession.class }, (proxy, method, arguments) -> switch (method.getName()) {
					case "getLocalCertificates" -> new Certificate[] { presented };
					case "getPeerCertificates" -> peer;
					case "getCreationTime" -> Instant.now().plus(Duration.ofHours(1)).toEpochMilli();
					case "equals" -> proxy == arguments[0];
					case "hashCode" -> System.identityHashCode(proxy);
					default -> null;
				});
	}

	@Override
	public void drain(Predicate<SSLSession> outdated) {
		this.drained = true;
	}

	@Override
	public boolean any(Predicate<SSLSession> condition) {
		return this.open.stream().anyMatch(condition);
	}

	@Override
	public void close(Predicate<SSLSession> outdated) {
		this.open.removeIf(outdated);
	}

}
