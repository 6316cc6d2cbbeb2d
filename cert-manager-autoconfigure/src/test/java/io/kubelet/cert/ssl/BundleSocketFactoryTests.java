package io.kubelet.cert.ssl;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Hashtable;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;
import java.util.stream.Stream;

import javax.naming.Context;
import javax.naming.NamingException;
import javax.naming.directory.InitialDirContext;
import javax.net.ssl.SSLServerSocket;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import jakarta.mail.MessagingException;
import jakarta.mail.Session;
import jakarta.mail.Transport;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

import org.springframework.boot.ssl.DefaultSslBundleRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.argumentSet;

/**
 * Tests for {@link BundleSocketFactory}.
 */
class BundleSocketFactoryTests {

	private final TestAuthority authority = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.authority);

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	private final Runnable end = register(this.registry, "bundle");

	@AfterEach
	void end() {
		this.end.run();
	}

	/** The server is none of LDAP or mail, so it is left after the handshake. */
	static Stream<Arguments> clients() {
		Client socket = (port) -> {
			try (SSLSocket made = (SSLSocket) new BundleSocketFactory("bundle").createSocket("localhost", port)) {
				made.startHandshake();
			}
		};
		Client ldap = (port) -> {
			Hashtable<String, String> environment = new Hashtable<>();
			environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
			environment.put(Context.PROVIDER_URL, "ldaps://localhost:" + port);
			environment.put("java.naming.ldap.factory.socket", BundleSocketFactory.class.getName());
			assertThatThrownBy(() -> new InitialDirContext(environment)).isInstanceOf(NamingException.class);
		};
		Client mail = (port) -> {
			Properties properties = new Properties();
			properties.put("mail.smtps.ssl.socketFactory.class", BundleSocketFactory.class.getName());
			Transport transport = Session.getInstance(properties).getTransport("smtps");
			assertThatThrownBy(() -> transport.connect("localhost", port, "user", "password"))
				.isInstanceOf(MessagingException.class);
		};
		return Stream.of(argumentSet("socket", socket), argumentSet("LDAP", ldap), argumentSet("mail", mail));
	}

	@ParameterizedTest
	@MethodSource("clients")
	void connectionPresentsTheCurrentPair(Client client) throws Exception {
		for (int i = 0; i < 3; i++) {
			assertThat(presented(client)).isEqualTo(this.manager.pair().leaf());
			this.manager.rotate();
		}
	}

	@Test
	void unknownBundleIsReportedWithThoseThatExist() {
		assertThatIllegalArgumentException().isThrownBy(() -> new BundleSocketFactory("other"))
			.withMessageMatching(
					"There is no SSL bundle 'other' of a certificate yet; there are \\[.*bundle.*]: correct the name, "
							+ "or let the bean that connects depend on the bean 'sslBundleRegistry'");
	}

	@Test
	void bundleOfAnApplicationThatHasEndedIsNotFoundUnlessAnotherOneHasIt() {
		register("ended").run();
		assertThatIllegalArgumentException().isThrownBy(() -> new BundleSocketFactory("ended"));
		register("bundle").run();
		assertThatCode(() -> new BundleSocketFactory("bundle")).doesNotThrowAnyException();
	}

	private Runnable register(String bundleName) {
		return register(new DefaultSslBundleRegistry(), bundleName);
	}

	private Runnable register(DefaultSslBundleRegistry registry, String bundleName) {
		return CertificateBundles.register(registry, bundleName, this.manager,
				() -> Trust.exactly(List.of(this.authority.certificate())), new SimulatedTime(Instant.EPOCH),
				Duration.ZERO);
	}

	private X509Certificate presented(Client client) throws Exception {
		try (SSLServerSocket server = (SSLServerSocket) this.registry.getBundle("bundle")
			.createSslContext()
			.getServerSocketFactory()
			.createServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
			server.setNeedClientAuth(true);
			CompletableFuture<X509Certificate> presented = CompletableFuture.supplyAsync(() -> {
				try (SSLSocket socket = (SSLSocket) server.accept()) {
					socket.startHandshake();
					return (X509Certificate) socket.getSession().getPeerCertificates()[0];
				}
				catch (Exception ex) {
					throw new IllegalStateException(ex);
				}
			});
			client.connect(server.getLocalPort());
			return presented.get();
		}
	}

	private interface Client {

		void connect(int port) throws Exception;

	}

}
