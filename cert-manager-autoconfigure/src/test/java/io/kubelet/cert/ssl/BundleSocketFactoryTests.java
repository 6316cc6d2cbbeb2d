package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.OutputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.Hashtable;
import java.util.HexFormat;
import java.util.List;
import java.util.Properties;
import java.util.stream.Stream;

import javax.naming.Context;
import javax.naming.NamingException;
import javax.naming.directory.InitialDirContext;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.trust.LiveTrust;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.certificate.trust.TrustSource;
import io.kubelet.cert.rotation.internal.FileWatcher;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;
import org.springframework.boot.ssl.SslOptions;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

/**
 * Tests for {@link BundleSocketFactory}.
 *
 * @see BundleSocketFactory
 * @see LiveSocketFactory
 */
class BundleSocketFactoryTests {

	private final TestAuthority authority = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.authority);

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	@BeforeEach
	void register() {
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		RegisteredBundle.register(this.registry, "bundle", this.manager,
				() -> Trust.exactly(List.of(this.authority.certificate())), FixedManager.peers(), time,
				new FileWatcher(time), Duration.ZERO, SslOptions.NONE, (identity) -> {
				});
	}

	/** The server is none of LDAP or mail, so it is left after the handshake. */
	static Stream<Arguments> clients() {
		Client socket = (port) -> {
			try (SSLSocket made = (SSLSocket) new BundleSocketFactory("bundle").createSocket("localhost", port)) {
				made.startHandshake();
			}
		};
		Client ldap = (port) -> assertThatThrownBy(() -> new InitialDirContext(ldap(port)))
			.isInstanceOf(NamingException.class);
		Client mail = (port) -> {
			Properties properties = new Properties();
			properties.put("mail.smtps.ssl.socketFactory.class", BundleSocketFactory.class.getName());
			properties.put("mail.smtps.socketFactory.fallback", "false");
			Transport transport = Session.getInstance(properties).getTransport("smtps");
			assertThatThrownBy(() -> transport.connect("localhost", port, "user", "password"))
				.isInstanceOf(MessagingException.class);
		};
		return Stream.of(argumentSet("socket", socket), argumentSet("LDAP", ldap), argumentSet("mail", mail));
	}

	@ParameterizedTest
	@MethodSource("clients")
	void connectionPresentsTheCurrentPair(Client client) throws Exception {
		try (StandInServer server = new StandInServer((connected) -> {
		}).start(this.registry.getBundle("bundle"))) {
			for (int i = 0; i < 3; i++) {
				client.connect(server.port());
				String serial = RotatingApplication.serial(this.manager.pair().leaf());
				await().untilAsserted(() -> assertThat(server.presented()).last().isEqualTo(serial));
				this.manager.rotate();
			}
		}
	}

	/** JNDI pools only connections of a factory that it can compare. */
	@Test
	void connectionToLdapEndsWithItsContext() throws Exception {
		System.setProperty("com.sun.jndi.ldap.connect.pool.protocol", "ssl");
		try (StandInServer server = new StandInServer(BundleSocketFactoryTests::bind)
			.start(this.registry.getBundle("bundle"))) {
			Hashtable<String, String> environment = ldap(server.port());
			environment.put("com.sun.jndi.ldap.connect.pool", "true");
			for (int i = 1; i <= 2; i++) {
				new InitialDirContext(environment).close();
				assertThat(server.presented()).hasSize(i);
				await().until(() -> server.open().isEmpty());
			}
		}
	}

	/** Answers the first request, which is to be a bind. */
	private static void bind(StandInServer.Peer client) throws IOException {
		client.input().read();
		client.output().write(HexFormat.of().parseHex("300c02010161070a010004000400"));
		client.output().flush();
		client.input().transferTo(OutputStream.nullOutputStream());
	}

	private static Hashtable<String, String> ldap(int port) {
		Hashtable<String, String> environment = new Hashtable<>();
		environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
		environment.put(Context.PROVIDER_URL, "ldaps://localhost:" + port);
		environment.put("java.naming.ldap.factory.socket", BundleSocketFactory.class.getName());
		return environment;
	}

	@Test
	void unknownBundleIsReportedWithThoseThatExist() {
		assertThatIllegalArgumentException().isThrownBy(() -> new BundleSocketFactory("other"))
			.withMessageMatching(
					"There is no SSL bundle 'other' of a certificate yet; there are \\[.*bundle.*]: correct the name, "
							+ "or let the bean that connects depend on the bean 'sslBundleRegistry'");
	}

	@Test
	void bundleOfAClosedContextIsForgottenAndThoseOfOthersAreFoundAgain() {
		SimulatedTime time = new SimulatedTime(Instant.EPOCH);
		LiveTrust trust = new LiveTrust("", new TrustSource(() -> "here", () -> 1, Trust::system, List::of));
		Runnable end = RegisteredBundle.register(new DefaultSslBundleRegistry(), "later", this.manager, trust,
				FixedManager.peers(), time, new FileWatcher(time), Duration.ZERO, SslOptions.NONE, (identity) -> {
				});
		assertThat(new BundleSocketFactory("later")).isNotNull();
		end.run();
		time.pass(Duration.ofMinutes(1));
		assertThat(time.scheduled()).as("trust that is followed").isZero();
		assertThatIllegalArgumentException().isThrownBy(() -> new BundleSocketFactory("later"));
		assertThat(BundleSocketFactory.getDefault()).isNotNull();
	}

	private interface Client {

		void connect(int port) throws Exception;

	}

}
