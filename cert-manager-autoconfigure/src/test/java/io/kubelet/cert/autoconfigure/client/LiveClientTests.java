package io.kubelet.cert.autoconfigure.client;

import java.lang.ref.Reference;
import java.net.Socket;
import java.security.cert.X509Certificate;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

import javax.net.ssl.X509KeyManager;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.ssl.ExpiredConnections;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link LiveClient}.
 *
 * @see LiveClient
 */
@ExtendWith(OutputCaptureExtension.class)
class LiveClientTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FixedManager manager = new FixedManager(new TestAuthority("one"));

	@Test
	void clientIsReplacedByEachChangeAndClosedAtTheEndOfTheDrain() {
		List<String> closed = new CopyOnWriteArrayList<>();
		List<X509Certificate> trusted = new ArrayList<>(
				List.of(new TestAuthority("one").certificate(), new TestAuthority("two").certificate()));
		LiveTrust trust = new LiveTrust("",
				new TrustSource(() -> "here", () -> List.copyOf(trusted), () -> Trust.exactly(trusted), List::of));
		LiveSslBundle bundle = (LiveSslBundle) this.manager.register(trust, this.time)
			.getBundle("bundle")
			.getManagers();
		LiveClient<AutoCloseable> client = new LiveClient<>(bundle, (resources) -> {
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
		trusted.remove(0);
		Awaitility.await().until(() -> {
			this.time.pass(Duration.ofSeconds(30));
			return closed.contains(this.manager.pair().serialNumber());
		});
		client.get();
		this.manager.rotate();
		client.get();
		closed.clear();
		// The scheduler ends with the context
		client.destroy();
		assertThat(closed).hasSize(2);
	}

	@Test
	void clientThatIsNotClosedBeforeItsCertificateExpiresIsReported(CapturedOutput output) {
		LiveSslBundle bundle = (LiveSslBundle) this.manager.register(() -> Trust.exactly(List.of()), this.time)
			.getBundle("bundle")
			.getManagers();
		ExpiredConnections expired = new ExpiredConnections(bundle, Clock.systemUTC());
		bundle.addFollower(expired);
		X509KeyManager keys = (X509KeyManager) bundle.getKeyManagers()[0];
		LiveClient<Socket> client = new LiveClient<>(bundle, (resources) -> {
			Socket connection = new Socket();
			assertThat(keys.chooseClientAlias(new String[] { "EC" }, null, connection)).isNotNull();
			return connection;
		});
		for (int seconds : List.of(40, 20)) {
			this.manager.rotateUntil(Instant.now().plusSeconds(seconds));
			client.get();
			this.manager.rotate();
			this.time.pass(Duration.ofSeconds(41));
			assertThat(output.toString().contains("of the SSL bundle 'bundle' that expired at"))
				.isEqualTo(seconds == 20);
		}
		Reference.reachabilityFence(expired);
	}

	/** The bundle remembers the last 100 certificates. */
	@Test
	void connectionThatPresentsACertificateOfManyRotationsAgoIsReported(CapturedOutput output) {
		SimulatedTime time = new SimulatedTime(Instant.now());
		LiveSslBundle bundle = (LiveSslBundle) this.manager.register(() -> Trust.exactly(List.of()), time)
			.getBundle("bundle")
			.getManagers();
		ExpiredConnections expired = new ExpiredConnections(bundle, time);
		bundle.addFollower(expired);
		this.manager.rotateUntil(time.instant().plus(Duration.ofDays(1)));
		Socket connection = new Socket();
		X509KeyManager keys = (X509KeyManager) bundle.getKeyManagers()[0];
		assertThat(keys.chooseClientAlias(new String[] { "EC" }, null, connection)).isNotNull();
		for (int rotations = 0; rotations < 150; rotations++) {
			this.manager.rotateUntil(time.instant().plus(Duration.ofDays(90)));
		}
		time.pass(Duration.ofHours(23));
		assertThat(output).doesNotContain("that expired at");
		time.pass(Duration.ofHours(1));
		assertThat(output).containsOnlyOnce("of the SSL bundle 'bundle' that expired at");
		Reference.reachabilityFence(connection);
		Reference.reachabilityFence(expired);
	}

}
