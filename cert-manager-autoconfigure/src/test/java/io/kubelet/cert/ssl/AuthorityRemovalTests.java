package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;

import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import io.netty.handler.ssl.OpenSsl;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.AfterParameterizedClassInvocation;
import org.junit.jupiter.params.BeforeParameterizedClassInvocation;
import org.junit.jupiter.params.ParameterizedClass;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Connections of clients whose authority is no longer trusted.
 *
 * @see io.kubelet.cert.autoconfigure.server.ServerDrain
 */
@ParameterizedClass
@EnumSource
class AuthorityRemovalTests {

	private static final TestAuthority removed = new TestAuthority("removed");

	private static final TestAuthority remaining = new TestAuthority("remaining");

	@TempDir
	private static Path directory;

	private static RotatingServer server;

	AuthorityRemovalTests(Kind kind) {
	}

	@BeforeParameterizedClassInvocation
	static void start(Kind kind) throws IOException {
		TestAuthority.replace(directory.resolve("ca.crt"), removed, remaining);
		server = new RotatingServer(kind, HeldDrain.class, "kubelet.cert.ssl.drain=" + HeldDrain.TIME,
				"kubelet.cert.additional.client.ssl.drain=0s", "server.ssl.client-auth=need",
				"server.http2.enabled=true", "kubelet.cert.ssl.trust-file=" + directory.resolve("ca.crt"),
				"kubelet.cert.ssl.trust-overlap=0s");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		server.close();
	}

	@Test
	void connectionsOfBeforeAreAskedToCloseAndClosedAtTheEndOfTheDrain() throws Exception {
		Connection asked = connect(removed, "TLSv1.3");
		List<Connection> idle = List.of(connect(removed, "TLSv1.3"), connect(removed, "TLSv1.2"));
		Http2Connection stream = new Http2Connection(Connection.context(removed.pair("client"), "TLSv1.3"),
				server.port());
		stream.open("/events");
		CompletableFuture<@Nullable Void> held = server.held();
		TestAuthority.replace(directory.resolve("ca.crt"), remaining);
		await().until(() -> {
			asked.get();
			return !asked.isKeptAlive();
		});
		for (Connection connection : idle) {
			assertThat(connection.isClosedByServer()).isFalse();
		}
		await().until(() -> {
			stream.get();
			return stream.isAskedToGoAway();
		});
		awaitNextSecond();
		try (Connection later = connect(remaining, "TLSv1.3")) {
			endDrain();
			for (Connection connection : idle) {
				await().until(connection::isClosedByServer);
			}
			await().until(stream::isClosedByServer);
			held.complete(null);
			later.get();
			assertThat(later.isKeptAlive()).isTrue();
		}
	}

	private static Connection connect(TestAuthority authority, String protocol) throws IOException {
		Connection connection = server.connect(authority.pair("client"), protocol);
		connection.get();
		assertThat(connection.isKeptAlive()).isTrue();
		return connection;
	}

	/**
	 * OpenSSL, in the Maven profile {@code openssl}, counts the age of sessions in
	 * seconds, so a connection is asked to close, too, if it is made in the second of the
	 * change.
	 */
	private static void awaitNextSecond() {
		if (OpenSsl.isAvailable()) {
			long second = Instant.now().getEpochSecond();
			await().until(() -> Instant.now().getEpochSecond() > second);
		}
	}

	/** Connections are closed, a little later again, and sessions end. */
	private static void endDrain() {
		List<Runnable> ends = server.bean(HeldDrain.class).ends;
		await().until(() -> ends.size() == 2);
		ends.forEach(Runnable::run);
	}

	/** So that fewer requests are made than the 100 after which Tomcat closes. */
	private static ConditionFactory await() {
		return Awaitility.await().pollInterval(Duration.ofMillis(100));
	}

	/** Collects what is to happen at the end of a drain. */
	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class HeldDrain {

		private static final Duration TIME = Duration.ofDays(1000);

		private final List<Runnable> ends = new CopyOnWriteArrayList<>();

		@Bean
		@Primary
		RotationScheduler heldDrain(@Qualifier("hastyScheduler") RotationScheduler scheduler) {
			return (task, delay) -> {
				if (delay.compareTo(TIME.minusMinutes(1)) < 0) {
					return scheduler.schedule(task, delay);
				}
				this.ends.add(task);
				return () -> this.ends.remove(task);
			};
		}

	}

}
