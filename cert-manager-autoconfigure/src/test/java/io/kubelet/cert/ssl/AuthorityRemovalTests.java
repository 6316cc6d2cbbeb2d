package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.stream.Stream;

import javax.net.ssl.SSLContext;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.awaitility.core.ConditionFactory;
import org.junit.jupiter.api.AfterEach;
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
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Connections of clients whose authority is no longer trusted.
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
		trust(removed, remaining);
		server = new RotatingServer(kind, HeldDrain.class, "kubelet.cert.ssl.drain=" + HeldDrain.TIME,
				"kubelet.cert.additional.client.ssl.drain=0s", "server.ssl.client-auth=need",
				"kubelet.cert.ssl.trust-file=" + directory.resolve("ca.crt"), "kubelet.cert.ssl.trust-overlap=0s");
	}

	@AfterParameterizedClassInvocation
	static void stop() {
		server.close();
	}

	@AfterEach
	void trustBoth() throws IOException {
		trust(removed, remaining);
		endDrain();
	}

	@Test
	void connectionsOfItsClientsAreAskedToCloseAndClosedAtTheEndOfTheDrain() throws Exception {
		Connection asked = connect(removed, "TLSv1.3");
		List<Connection> idle = List.of(connect(removed, "TLSv1.3"), connect(removed, "TLSv1.2"));
		List<Connection> others = List.of(connect(remaining, "TLSv1.3"), connect(remaining, "TLSv1.2"));
		trust(remaining);
		await().until(() -> {
			asked.get();
			return !asked.isKeptAlive();
		});
		for (Connection connection : idle) {
			assertThat(connection.isClosedByServer()).isFalse();
		}
		endDrain();
		for (Connection connection : idle) {
			await().until(connection::isClosedByServer);
		}
		for (Connection connection : others) {
			connection.get();
			assertThat(connection.isKeptAlive()).isTrue();
			connection.close();
		}
	}

	@Test
	void handshakesThatBeganBeforeAreRefusedOrClosedAtTheEndOfTheDrain() throws Exception {
		SSLContext client = Connection.context(removed.pair("client"), "TLSv1.2");
		SSLContext other = Connection.context(remaining.pair("client"), "TLSv1.2");
		try (HeldHandshake unchecked = HeldHandshake.beforeCertificate(client, server.port());
				HeldHandshake checked = HeldHandshake.beforeFinished(client, server.port())) {
			trust(remaining);
			awaitDrain();
			try (HeldHandshake later = HeldHandshake.beforeFinished(other, server.port())) {
				assertThatExceptionOfType(ExecutionException.class).isThrownBy(unchecked::finish)
					.withCauseInstanceOf(IOException.class);
				endDrain();
				await().atMost(Duration.ofSeconds(5)).until(checked::isClosedByServer);
				later.finish();
			}
		}
	}

	private static void trust(TestAuthority... authorities) throws IOException {
		List<X509Certificate> certificates = Stream.of(authorities).map(TestAuthority::certificate).toList();
		Path next = Files.writeString(directory.resolve("next.crt"), Pem.write(certificates));
		Files.move(next, directory.resolve("ca.crt"), StandardCopyOption.REPLACE_EXISTING);
	}

	private static Connection connect(TestAuthority authority, String protocol) throws IOException {
		Connection connection = server.connect(authority.pair("client"), protocol);
		connection.get();
		assertThat(connection.isKeptAlive()).isTrue();
		return connection;
	}

	/** Connections and, a little later, handshakes are closed, and sessions end. */
	private static List<Runnable> awaitDrain() {
		List<Runnable> ends = server.bean(HeldDrain.class).ends;
		await().until(() -> ends.size() == 3);
		return ends;
	}

	private static void endDrain() {
		List<Runnable> ends = awaitDrain();
		ends.forEach(Runnable::run);
		ends.clear();
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
				if (delay.compareTo(TIME) < 0) {
					return scheduler.schedule(task, delay);
				}
				this.ends.add(task);
				return () -> this.ends.remove(task);
			};
		}

	}

}
