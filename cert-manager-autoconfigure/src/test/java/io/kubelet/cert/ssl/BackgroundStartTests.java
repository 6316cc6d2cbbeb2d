package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLHandshakeException;
import javax.net.ssl.SSLSocket;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.kubernetes.internal.TestClients;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.ClientCertificate;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubernetes.client.openapi.apis.CoreV1Api;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1ObjectMeta;
import io.netty.handler.ssl.util.InsecureTrustManagerFactory;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIOException;

/**
 * Servers that do not wait for what they need from the API server, in a JVM whose default
 * trust store holds an authority that stands for a public one.
 *
 * @see io.kubelet.cert.autoconfigure.ssl.CertificateBundleRegistrar
 */
@ExtendWith(OutputCaptureExtension.class)
class BackgroundStartTests {

	private static final TestAuthority publicAuthority = new TestAuthority("public");

	@BeforeAll
	static void setDefaultTrust(@TempDir Path directory) throws Exception {
		Path file = directory.resolve("cacerts.jks");
		try (OutputStream out = Files.newOutputStream(file)) {
			KeyStore store = Objects.requireNonNull(Trust.exactly(List.of(publicAuthority.certificate())).store());
			store.store(out, "changeit".toCharArray());
		}
		System.setProperty("javax.net.ssl.trustStore", file.toString());
	}

	@AfterAll
	static void restoreDefaultTrust() {
		System.clearProperty("javax.net.ssl.trustStore");
	}

	/** A server without a certificate refuses also a client that trusts everyone. */
	@ParameterizedTest
	@EnumSource
	void serverRefusesClientsUntilItHasItsCertificateAndItsAuthorities(Kind kind, @TempDir Path directory,
			CapturedOutput output) throws Exception {
		try (EmbeddedControlPlane own = EmbeddedControlPlane.start()) {
			ClientCertificate issued = own.issueClientCertificate("client");
			CertificatePair client = new CertificatePair(List.of(issued.certificate()), issued.key());
			own.allow("system:bootstrappers", Set.of("list", "watch"), "configmaps", "clients");
			own.pause();
			try (RotatingServer server = new RotatingServer(kind,
					"kubelet.cert.kubernetes.kubeconfig=" + own.writeKubeconfig(directory),
					"kubelet.cert.startup.mode=background", "kubelet.cert.additional.client.startup.mode=background",
					"kubelet.cert.rotation.retry.initial-delay=500ms", "kubelet.cert.ssl.drain=0s",
					"kubelet.cert.ssl.trust-config-map=clients", "server.ssl.client-auth=need")) {
				assertThat(output)
					.containsOnlyOnce("[server] There is no certificate yet: servers with the SSL bundle "
							+ "'server' fail every TLS handshake")
					.containsOnlyOnce("[server] The SSL bundle 'server' trusts nobody for now: The ConfigMap "
							+ "default/clients cannot be read: the API server has not answered yet")
					.containsPattern("INFO.*The SSL bundle 'server' trusts nobody for now");
				for (String protocol : List.of("TLSv1.3", "TLSv1.2")) {
					SSLContext context = SSLContext.getInstance(protocol);
					context.init(null, InsecureTrustManagerFactory.INSTANCE.getTrustManagers(), null);
					try (SSLSocket socket = (SSLSocket) context.getSocketFactory()
						.createSocket("localhost", server.port())) {
						socket.setEnabledCipherSuites(socket.getSupportedCipherSuites());
						assertThatExceptionOfType(SSLHandshakeException.class).isThrownBy(socket::startHandshake);
					}
				}
				own.resume();
				SSLContext accepted = Connection.context(own.caPem(), client, "TLS");
				Awaitility.await().ignoreExceptions().until(() -> {
					try (Connection connection = new Connection(accepted, server.port(), null)) {
						return connection.serverCertificate().equals(server.pair("server").leaf());
					}
				});
				SSLContext ofThePublic = Connection.context(own.caPem(), publicAuthority.pair("anyone"), "TLS");
				SSLContext anonymous = Connection.context(own.caPem(), null, "TLS");
				refuses(server, accepted, ofThePublic, anonymous);
				new CoreV1Api(TestClients.create(own.writeKubeconfig(directory.resolve("admin"), own.admin())))
					.createNamespacedConfigMap("default",
							new V1ConfigMap().metadata(new V1ObjectMeta().name("clients"))
								.data(Map.of("ca.crt", own.caPem())))
					.execute();
				String serial = RotatingApplication.serial(client.leaf());
				Awaitility.await().ignoreExceptions().until(() -> get(server, accepted).equals(serial));
				refuses(server, ofThePublic, anonymous);
				try (Connection old = new Connection(accepted, server.port(), null)) {
					server.rotate("server");
					Awaitility.await().until(old::isClosedByServer);
				}
			}
		}
	}

	private static void refuses(RotatingServer server, SSLContext... clients) {
		for (SSLContext client : clients) {
			assertThatIOException().isThrownBy(() -> get(server, client));
		}
	}

	private static String get(RotatingServer server, SSLContext client) throws IOException {
		try (Connection connection = new Connection(client, server.port(), null)) {
			return connection.get();
		}
	}

}
