package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.SocketException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.BooleanSupplier;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLException;
import javax.net.ssl.SSLSocket;
import javax.net.ssl.X509TrustManager;

import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.RotationScheduler;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.FreePort;
import io.kubelet.cert.testsupport.HastyTrust;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import org.springframework.beans.factory.annotation.Qualifier;
import org.springframework.boot.ssl.SslManagerBundle;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Import;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

/**
 * Sessions of peers that are no longer accepted.
 *
 * @see Handshakes
 * @see PeerSessions
 */
class PeerResumptionTests {

	private static final String SHOP = "spiffe://example.org/ns/shop/sa/shop";

	private final TestAuthority authority = new TestAuthority("one");

	@TempDir
	private Path directory;

	/** The client offers a session of the server that had the port before. */
	@ParameterizedTest
	@CsvSource({ "TOMCAT, TLSv1.3", "TOMCAT, TLSv1.2", "JETTY, TLSv1.3", "JETTY, TLSv1.2", "NETTY, TLSv1.3",
			"NETTY, TLSv1.2" })
	void sessionOfOtherRulesIsNotResumed(Kind kind, String protocol) throws Exception {
		SSLContext client = client(protocol);
		int port = FreePort.find();
		try (RotatingServer server = server(kind, port, SHOP)) {
			long created = connect(client, server.port());
			if (kind != Kind.NETTY) {
				assertThat(connect(client, server.port())).as("resumed").isEqualTo(created);
			}
		}
		try (RotatingServer server = server(kind, port, SHOP + "2")) {
			assertThat(server.port()).isEqualTo(port);
			assertThat(isRefused(client, port)).isTrue();
		}
	}

	@ParameterizedTest
	@CsvSource({ "TOMCAT, TLSv1.3", "TOMCAT, TLSv1.2", "JETTY, TLSv1.3", "JETTY, TLSv1.2", "NETTY, TLSv1.3",
			"NETTY, TLSv1.2" })
	void sessionOfAClientWhoseAuthorityWasRemovedIsNotResumed(Kind kind, String protocol) throws Exception {
		SSLContext client = client(protocol);
		try (RotatingServer server = server(kind, 0, SHOP)) {
			long created = connect(client, server.port());
			if (kind != Kind.NETTY) {
				assertThat(connect(client, server.port())).as("resumed").isEqualTo(created);
			}
			trust(new TestAuthority("another"));
			// The file is not read in a handshake
			await().until(() -> isRefused(client, server.port()));
		}
	}

	/** The certificate does not really end. */
	@ParameterizedTest
	@CsvSource({ "TOMCAT, TLSv1.3", "TOMCAT, TLSv1.2", "JETTY, TLSv1.3", "JETTY, TLSv1.2" })
	void sessionOfAClientWhoseCertificateHasEndedIsNotResumed(Kind kind, String protocol) throws Exception {
		SSLContext client = client(protocol);
		try (RotatingServer server = server(kind, 0, SHOP)) {
			long created = connect(client, server.port());
			assertThat(connect(client, server.port())).as("resumed").isEqualTo(created);
			server.bean(HeldEnds.class).end();
			assertThat(connect(client, server.port())).isNotEqualTo(created);
		}
	}

	@ParameterizedTest
	@CsvSource({ "true, TLSv1.3", "true, TLSv1.2", "false, TLSv1.3", "false, TLSv1.2" })
	void sessionOfAServerWhoseCertificateHasEndedIsNotResumed(boolean ofBundle, String protocol) throws Exception {
		trust(this.authority);
		try (RotatingApplication application = new RotatingApplication(HeldEnds.class,
				"kubelet.cert.additional.client.ssl.trust-file=" + this.directory.resolve("ca.crt"));
				StandInServer server = new StandInServer(StandInServer::http).start(
						this.authority.pair("server", "localhost"),
						Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())))) {
			SslManagerBundle managers = application.bundle("client").getManagers();
			SSLContext client = ofBundle ? application.bundle("client").createSslContext()
					: LiveSslContext.create(protocol, managers.getKeyManagers()[0], managers.getTrustManagers()[0]);
			long created = connect(client, server.port(), protocol);
			assertThat(connect(client, server.port(), protocol)).as("resumed").isEqualTo(created);
			application.bean(HeldEnds.class).end();
			assertThat(connect(client, server.port(), protocol)).isNotEqualTo(created);
		}
	}

	/**
	 * As old as the one of before, the connection would be closed at the end of the
	 * drain.
	 */
	@ParameterizedTest
	@CsvSource({ "TOMCAT, TLSv1.3", "TOMCAT, TLSv1.2", "JETTY, TLSv1.3", "JETTY, TLSv1.2" })
	void sessionThatBeganJustBeforeConnectionsAreDrainedIsNotResumedLater(Kind kind, String protocol) throws Exception {
		SSLContext client = client(protocol);
		trust(this.authority, new TestAuthority("removed"));
		try (RotatingServer server = new RotatingServer(kind, HeldUpdate.class, "server.ssl.client-auth=need",
				"kubelet.cert.ssl.trust-file=" + this.directory.resolve("ca.crt"),
				"kubelet.cert.ssl.trust-overlap=0s")) {
			HeldUpdate update = server.bean(HeldUpdate.class);
			X509TrustManager trusted = (X509TrustManager) server.bundle("server").getManagers().getTrustManagers()[0];
			update.held = () -> trusted.getAcceptedIssuers().length == 1;
			trust(this.authority);
			await().until(() -> !update.tasks.isEmpty());
			long created = connect(client, server.port());
			assertThat(connect(client, server.port())).as("resumed").isEqualTo(created);
			update.held = () -> false;
			update.tasks.forEach(Runnable::run);
			try (Connection connection = new Connection(client, server.port(), null)) {
				connection.get();
				assertThat(connection.isKeptAlive()).isTrue();
				assertThat(connection.sessionCreated()).isNotEqualTo(created);
			}
		}
	}

	private static long connect(SSLContext client, int port, String protocol) throws IOException {
		try (SSLSocket socket = (SSLSocket) client.getSocketFactory().createSocket("localhost", port)) {
			socket.setEnabledProtocols(new String[] { protocol });
			socket.getOutputStream().write("GET / HTTP/1.1\r\n\r\n".getBytes());
			assertThat(socket.getInputStream().read()).isEqualTo('H');
			return socket.getSession().getCreationTime();
		}
	}

	private SSLContext client(String protocol) {
		return InsistentKeyManager.context(this.authority.svid(SHOP),
				Trust.exactly(Pem.readCertificates(RotatingApplication.plane.caPem())), protocol);
	}

	private RotatingServer server(Kind kind, int port, String accepted) throws IOException {
		trust(this.authority);
		return new RotatingServer(kind, HeldEnds.class, "server.ssl.client-auth=need", "server.port=" + port,
				"kubelet.cert.ssl.trust-file=" + this.directory.resolve("ca.crt"), "kubelet.cert.ssl.trust-overlap=0s",
				"kubelet.cert.ssl.accepted-clients.uris=" + accepted);
	}

	private void trust(TestAuthority... authorities) throws IOException {
		TestAuthority.replace(this.directory.resolve("ca.crt"), authorities);
	}

	private static long connect(SSLContext client, int port) throws IOException {
		try (Connection connection = new Connection(client, port, null)) {
			connection.get();
			return connection.sessionCreated();
		}
	}

	private static boolean isRefused(SSLContext client, int port) throws IOException {
		try {
			connect(client, port);
			return false;
		}
		catch (SSLException | SocketException ex) {
			return true;
		}
	}

	/** Collects what is to happen when a certificate of an hour ends. */
	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class HeldEnds {

		private final List<Runnable> ends = new CopyOnWriteArrayList<>();

		@Bean
		@Primary
		RotationScheduler heldEnds(@Qualifier("hastyScheduler") RotationScheduler scheduler) {
			return (task, delay) -> {
				if (delay.toMinutes() > 30 && delay.toMinutes() < 60) {
					this.ends.add(task);
					return () -> this.ends.remove(task);
				}
				return scheduler.schedule(task, delay);
			};
		}

		void end() {
			assertThat(this.ends).isNotEmpty();
			this.ends.forEach(Runnable::run);
		}

	}

	/** As on a slow volume: the change is in effect, and the server not told of it. */
	@Configuration(proxyBeanMethods = false)
	@Import(HastyTrust.class)
	static class HeldUpdate {

		private final List<Runnable> tasks = new CopyOnWriteArrayList<>();

		private volatile BooleanSupplier held = () -> false;

		@Bean
		@Primary
		RotationScheduler heldUpdate(@Qualifier("hastyScheduler") RotationScheduler scheduler) {
			return (task, delay) -> {
				if (delay.isZero() && this.held.getAsBoolean()) {
					this.tasks.add(task);
					return () -> this.tasks.remove(task);
				}
				return scheduler.schedule(task, delay);
			};
		}

	}

}
