package io.kubelet.cert.ssl;

import java.net.InetAddress;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.Hashtable;
import java.util.List;
import java.util.Properties;
import java.util.concurrent.CompletableFuture;

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

import org.springframework.boot.ssl.DefaultSslBundleRegistry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

/**
 * Tests for {@link BundleSocketFactory}.
 */
class BundleSocketFactoryTests {

	private final TestAuthority authority = new TestAuthority("one");

	private final FixedManager manager = new FixedManager(this.authority);

	private final DefaultSslBundleRegistry registry = new DefaultSslBundleRegistry();

	private final Runnable end = CertificateBundles.register(this.registry, "bundle", this.manager,
			() -> Trust.exactly(List.of(this.authority.certificate())), new SimulatedTime(Instant.EPOCH),
			Duration.ZERO);

	@AfterEach
	void end() {
		this.end.run();
	}

	@Test
	void socketPresentsTheCurrentPair() throws Exception {
		BundleSocketFactory factory = new BundleSocketFactory("bundle");
		for (int i = 0; i < 3; i++) {
			assertThat(presented((port) -> {
				try (SSLSocket socket = (SSLSocket) factory.createSocket("localhost", port)) {
					socket.startHandshake();
				}
			})).isEqualTo(this.manager.pair().leaf());
			this.manager.rotate();
		}
	}

	/** The server is none of LDAP, so it is left after the handshake. */
	@Test
	void connectionOfLdapPresentsTheCurrentPair() throws Exception {
		for (int i = 0; i < 3; i++) {
			assertThat(presented((port) -> {
				Hashtable<String, String> environment = new Hashtable<>();
				environment.put(Context.INITIAL_CONTEXT_FACTORY, "com.sun.jndi.ldap.LdapCtxFactory");
				environment.put(Context.PROVIDER_URL, "ldaps://localhost:" + port);
				environment.put("java.naming.ldap.factory.socket", BundleSocketFactory.class.getName());
				assertThatThrownBy(() -> new InitialDirContext(environment)).isInstanceOf(NamingException.class);
			})).isEqualTo(this.manager.pair().leaf());
			this.manager.rotate();
		}
	}

	/** The server is left after the handshake here as well. */
	@Test
	void connectionOfMailPresentsTheCurrentPair() throws Exception {
		Properties properties = new Properties();
		properties.put("mail.smtps.ssl.socketFactory.class", BundleSocketFactory.class.getName());
		for (int i = 0; i < 3; i++) {
			assertThat(presented((port) -> {
				Transport transport = Session.getInstance(properties).getTransport("smtps");
				assertThatThrownBy(() -> transport.connect("localhost", port, "user", "password"))
					.isInstanceOf(MessagingException.class);
			})).isEqualTo(this.manager.pair().leaf());
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
	void bundleOfAnApplicationThatHasEndedIsNotFound() {
		register("ended").run();
		assertThatIllegalArgumentException().isThrownBy(() -> new BundleSocketFactory("ended"));
	}

	@Test
	void bundleOfAnotherApplicationContextLeavesThisOneWhenItEnds() {
		register("bundle").run();
		assertThatCode(() -> new BundleSocketFactory("bundle")).doesNotThrowAnyException();
	}

	private Runnable register(String bundleName) {
		return CertificateBundles.register(new DefaultSslBundleRegistry(), bundleName, this.manager,
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
