package io.kubelet.cert.ssl;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.net.SocketException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;

import javax.net.ssl.SSLException;

import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.KeySpecification;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.request.KeyPairSource;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.slf4j.LoggerFactory;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * A server that is called by many different clients, each fifth of which it refuses.
 * {@code -Dpeers.handshakes=100000 -Dpeers.different=10000} take minutes.
 *
 * @see PeerConnections
 * @see io.kubelet.cert.certificate.peers.SeenPeers
 * @see io.kubelet.cert.certificate.peers.RefusedPeers
 * @see io.kubelet.cert.autoconfigure.actuate.PeerMetrics
 */
class ManyPeersTests {

	private static final Logger logger = (Logger) LoggerFactory.getLogger("io.kubelet.cert");

	private static final int HANDSHAKES = Integer.getInteger("peers.handshakes", 200);

	private static final int DIFFERENT = Integer.getInteger("peers.different", 150);

	private static final String TRUST_DOMAIN = "spiffe://example.org/";

	private final KeyPair keys = KeyPairSource.jdk().generate(KeySpecification.EC_P256);

	private final List<TestAuthority> authorities = IntStream.range(0, 12)
		.mapToObj((number) -> new TestAuthority("authority-" + number))
		.toList();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private final ListAppender<ILoggingEvent> log = new ListAppender<>();

	@AfterEach
	void detach() {
		logger.detachAppender(this.log);
	}

	@Test
	void memorySeriesAndLogDoNotGrowWithTheNumberOfPeers(@TempDir Path directory) throws Exception {
		Path trusted = Files.writeString(directory.resolve("ca.crt"),
				Pem.write(this.authorities.stream().map(TestAuthority::certificate).toList()));
		List<CertificatePair> clients = IntStream.range(0, DIFFERENT).mapToObj(this::client).toList();
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, Metrics.class, "server.ssl.client-auth=need",
				"kubelet.cert.ssl.trust-file=" + trusted,
				"kubelet.cert.ssl.accepted-clients.uris=" + TRUST_DOMAIN + "accepted/*")) {
			server.beans(MeterBinder.class).forEach((binder) -> binder.bindTo(this.registry));
			int series = this.registry.getMeters().size();
			this.log.start();
			logger.addAppender(this.log);
			int half = HANDSHAKES / 2;
			long first = call(server, clients, 0, half);
			long used = usedMemory();
			long refused = first + call(server, clients, half, HANDSHAKES);
			long more = usedMemory() - used;
			assertThat(refused).isEqualTo(HANDSHAKES / 5);
			int others = this.authorities.size() - 1;
			int ofFirst = Math.min(DIFFERENT * 4 / 5 - others, 500);
			await().untilAsserted(() -> assertThat(seen(server)).isEqualTo(ofFirst + others));
			assertThat(this.registry.find("kubelet.cert.peers.refused").functionCounters())
				.satisfies((counters) -> assertThat(counters.stream().mapToDouble(FunctionCounter::count).sum())
					.isEqualTo(refused));
			assertThat(this.registry.find("kubelet.cert.peers").tag("certificate", "server").gauges()).hasSize(10)
				.extracting(Gauge::value)
				.contains((double) ofFirst);
			assertThat(this.registry.getMeters()).hasSize(series);
			System.out.printf("%d handshakes with %d peers, %d refused: %d lines, %d series, %+d kB%n", HANDSHAKES,
					DIFFERENT, refused, this.log.list.size(), series, more / 1024);
			assertThat(this.log.list).hasSizeLessThan(40)
				.extracting(ILoggingEvent::getFormattedMessage)
				.filteredOn((message) -> message.contains("is refused by the SSL bundle 'server'"))
				.hasSize(20);
			assertThat(more).isLessThan(16 << 20);
		}
	}

	/** All have the same key: to generate one takes as long as a handshake. */
	private CertificatePair client(int number) {
		boolean accepted = number % 5 < 4;
		boolean first = number % 5 > 0 || number / 5 >= this.authorities.size();
		TestAuthority issuer = this.authorities.get(first ? 0 : number / 5);
		String uri = TRUST_DOMAIN + (accepted ? "accepted/" : "other/") + number;
		Instant now = Instant.now();
		return new CertificatePair(
				List.of(issuer.issue(this.keys.getPublic(), CertificateTemplate.ofSubject(null).withUris(List.of(uri)),
						now.minus(Duration.ofMinutes(5)), now.plus(Duration.ofDays(1)))),
				this.keys.getPrivate());
	}

	/** Returns how many calls are refused. */
	private static long call(RotatingServer server, List<CertificatePair> clients, int from, int to) throws Exception {
		Trust trust = Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem()));
		ExecutorService threads = Executors.newFixedThreadPool(2);
		try {
			long refused = 0;
			for (Future<Boolean> called : threads.invokeAll(IntStream.range(from, to)
				.<Callable<Boolean>>mapToObj((call) -> () -> isRefused(server, clients.get(call % DIFFERENT), trust))
				.toList())) {
				refused += called.get() ? 1 : 0;
			}
			return refused;
		}
		finally {
			threads.shutdownNow();
		}
	}

	private static boolean isRefused(RotatingServer server, CertificatePair client, Trust trust) throws IOException {
		try (Connection connection = new Connection(InsistentKeyManager.context(client, trust, "TLS"), server.port(),
				null)) {
			connection.get();
			return false;
		}
		catch (SSLException | SocketException ex) {
			return true;
		}
	}

	private static int seen(RotatingServer server) {
		return Objects.requireNonNull(LiveSslBundle.of(server.bundle("server"))).seenPeers().size();
	}

	private static long usedMemory() {
		System.gc();
		return ManagementFactory.getMemoryMXBean().getHeapMemoryUsage().getUsed();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class Metrics {

	}

}
