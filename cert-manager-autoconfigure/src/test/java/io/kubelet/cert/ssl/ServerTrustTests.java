package io.kubelet.cert.ssl;

import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

/**
 * Servers that require a client certificate, in a JVM whose default trust store holds an
 * authority that stands for a public one.
 */
class ServerTrustTests {

	private static final TestAuthority publicAuthority = new TestAuthority("public");

	private static final CertificatePair publicClient = publicAuthority.pair(CertificateTemplate.ofSubject("anyone"),
			Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600));

	@TempDir
	static Path directory;

	private static EmbeddedControlPlane plane;

	private static Path kubeconfigWithoutAuthority;

	@BeforeAll
	static void setDefaultTrust() throws Exception {
		KeyStore store = Objects.requireNonNull(Trust.exactly(List.of(publicAuthority.certificate())).store());
		Path file = directory.resolve("cacerts.p12");
		try (OutputStream out = Files.newOutputStream(file)) {
			store.store(out, "changeit".toCharArray());
		}
		System.setProperty("javax.net.ssl.trustStore", file.toString());
		System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
		plane = EmbeddedControlPlane.start();
		kubeconfigWithoutAuthority = plane.writeKubeconfig(Files.createDirectory(directory.resolve("kubeconfig")));
		Files.writeString(kubeconfigWithoutAuthority, Files.readString(kubeconfigWithoutAuthority)
			.replaceAll("certificate-authority-data: .*", "insecure-skip-tls-verify: true"));
	}

	@AfterAll
	static void restoreDefaultTrust() {
		System.clearProperty("javax.net.ssl.trustStore");
		System.clearProperty("javax.net.ssl.trustStorePassword");
		plane.close();
	}

	@ParameterizedTest
	@EnumSource
	void serverThatTrustsNobodyRejectsEveryClientCertificate(Kind kind, @TempDir Path directory) {
		try (RotatingServer server = new RotatingServer(kind, plane, directory, "server.ssl.client-auth=need",
				"kubelet.cert.kubernetes.kubeconfig=" + kubeconfigWithoutAuthority)) {
			CertificatePair own = server.context()
				.getBean(CertificateManagers.class)
				.get("client")
				.current()
				.orElseThrow();
			for (CertificatePair client : List.of(publicClient, own)) {
				assertRejected(server, client);
			}
			server.rotate("server");
			assertRejected(server, publicClient);
		}
	}

	@ParameterizedTest
	@EnumSource
	void serverThatTrustsTheAuthoritiesOfTheJdkAcceptsTheirClients(Kind kind, @TempDir Path directory) {
		try (RotatingServer server = new RotatingServer(kind, plane, directory, "server.ssl.client-auth=need",
				"kubelet.cert.ssl.trust=system")) {
			assertThat(get(server, publicClient)).isEqualTo(publicClient.leaf().getSerialNumber().toString(16));
			server.rotate("server");
			assertThat(get(server, publicClient)).isEqualTo(publicClient.leaf().getSerialNumber().toString(16));
		}
	}

	private static void assertRejected(RotatingServer server, CertificatePair client) {
		assertThatExceptionOfType(UncheckedIOException.class).isThrownBy(() -> get(server, client));
	}

	private static String get(RotatingServer server, CertificatePair client) {
		try (Connection connection = new Connection(Connection.context(plane, client), server.port(), null)) {
			return connection.get();
		}
	}

}
