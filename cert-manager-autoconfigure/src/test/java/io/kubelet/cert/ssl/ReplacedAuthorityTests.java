package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import javax.net.ssl.SSLSocket;
import javax.net.ssl.SSLSocketFactory;

import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.peers.SeenPeer;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.OffsetClock;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.MeterBinder;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Three applications that call each other with mutual TLS, while their authority is
 * replaced as the guide says.
 *
 * @see "docs/how-to/rotate-the-authority.md"
 * @see io.kubelet.cert.autoconfigure.actuate.PeerMetrics
 */
class ReplacedAuthorityTests {

	private static final TestAuthority before = new TestAuthority("before");

	private static final TestAuthority after = new TestAuthority("after");

	private static volatile TestAuthority signing = before;

	private final Map<String, Application> applications = new TreeMap<>();

	@TempDir
	private Path directory;

	@Test
	void whoeverUsesTheOldAuthorityIsSeenUntilItIsNotNeeded() throws Exception {
		trust(before);
		try (Application one = start("one", Kind.TOMCAT);
				Application two = start("two", Kind.JETTY);
				Application three = start("three", Kind.NETTY)) {
			callEachOther();
			assertThat(users(before, Instant.EPOCH)).containsExactlyInAnyOrder("one", "two", "three");
			trust(before, after);
			await().until(() -> Stream.of(one, two, three).allMatch((application) -> application.value(after) == 0));
			signing = after;
			Set<String> remaining = new TreeSet<>(this.applications.keySet());
			for (Application application : List.of(one, two, three)) {
				application.server.rotate("server");
				remaining.remove(application.name);
				await().until(() -> connected().isEmpty());
				Instant rotated = Instant.now();
				callEachOther();
				assertThat(users(before, rotated)).isEqualTo(remaining);
				assertThat(users(after, rotated)).contains(application.name);
			}
			assertThat(List.of(one, two, three)).allSatisfy((application) -> {
				assertThat(application.value(before)).isEqualTo(2);
				assertThat(application.value(after)).isEqualTo(2);
			});
			await().until(() -> connected().isEmpty());
			Clocks.clock.set(Duration.ofDays(1));
			callEachOther();
			assertThat(List.of(one, two, three)).allSatisfy((application) -> {
				assertThat(application.value(before)).isZero();
				assertThat(application.value(after)).isEqualTo(2);
			});
			trust(after);
			await().until(() -> Stream.of(one, two, three).allMatch((application) -> application.value(before) < 0));
			callEachOther();
		}
	}

	private List<SeenPeer> connected() {
		return seen().filter((peer) -> peer.connections() > 0).toList();
	}

	private Stream<SeenPeer> seen() {
		return this.applications.values().stream().flatMap((application) -> application.bundle().seenPeers().stream());
	}

	/** Who was seen since a time with a certificate of an authority. */
	private Set<String> users(TestAuthority authority, Instant since) {
		String fingerprint = CertificateNames.fingerprint(authority.certificate());
		return seen().filter((peer) -> peer.authority().fingerprint().equals(fingerprint))
			.filter((peer) -> peer.lastSeen().isAfter(since))
			.map(SeenPeer::identity)
			.map((uri) -> uri.substring(uri.lastIndexOf('/') + 1))
			.collect(Collectors.toSet());
	}

	private void callEachOther() throws IOException {
		for (Application client : this.applications.values()) {
			for (Application server : this.applications.values()) {
				if (client != server) {
					client.call(server);
				}
			}
		}
	}

	private void trust(TestAuthority... authorities) throws IOException {
		TestAuthority.replace(this.directory.resolve("ca.crt"), authorities);
	}

	private Application start(String name, Kind kind) {
		String uri = "spiffe://example.org/";
		Application application = new Application(name,
				new RotatingServer(kind, Clocks.class, "kubelet.cert.signer-name=example.com/any",
						"kubelet.cert.additional.client.signer-name=example.com/any",
						"kubelet.cert.template.uris=" + uri + name, "server.ssl.client-auth=need",
						"kubelet.cert.ssl.trust-file=" + this.directory.resolve("ca.crt"),
						"kubelet.cert.ssl.trust-overlap=0s", "kubelet.cert.ssl.drain=0s",
						"kubelet.cert.ssl.accepted-clients.uris=" + uri + "*",
						"kubelet.cert.ssl.accepted-servers.uris=" + uri + "*"));
		this.applications.put(name, application);
		return application;
	}

	/** One that keeps its sessions, and reports its metrics. */
	private static final class Application implements AutoCloseable {

		private final String name;

		private final RotatingServer server;

		private final SSLSocketFactory sockets;

		private final MeterRegistry registry = new SimpleMeterRegistry();

		Application(String name, RotatingServer server) {
			this.name = name;
			this.server = server;
			this.sockets = server.bundle("server").createSslContext().getSocketFactory();
			server.beans(MeterBinder.class).forEach((binder) -> binder.bindTo(this.registry));
		}

		LiveSslBundle bundle() {
			return Objects.requireNonNull(LiveSslBundle.of(this.server.bundle("server")));
		}

		void call(Application other) throws IOException {
			try (SSLSocket socket = (SSLSocket) this.sockets.createSocket("localhost", other.server.port())) {
				socket.getOutputStream().write("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n".getBytes());
				assertThat(socket.getInputStream().read()).isEqualTo('H');
			}
		}

		/** The metric, negative if there is none. */
		double value(TestAuthority authority) {
			Gauge gauge = this.registry.find("kubelet.cert.peers")
				.tag("certificate", "server")
				.tag("authority", CertificateNames.fingerprint(authority.certificate()))
				.gauge();
			return (gauge != null) ? gauge.value() : -1;
		}

		@Override
		public void close() {
			this.server.close();
		}

	}

	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	@ImportAutoConfiguration(CertificateActuatorAutoConfiguration.class)
	static class Clocks {

		private static final OffsetClock clock = new OffsetClock();

		@Bean
		Clock certificateClock() {
			return clock;
		}

		@Bean
		SignerSource signer() {
			return (current) -> (request, progress) -> CompletableFuture
				.completedFuture(List.of(signing.issue(request.publicKey(), request.template(), clock.instant(),
						clock.instant().plus(Duration.ofDays(90)))));
		}

	}

}
