package io.kubelet.cert.ssl;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.time.Instant;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.testsupport.TestAuthority;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import static org.assertj.core.api.Assertions.assertThatIOException;

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

	@BeforeAll
	static void setDefaultTrust() throws Exception {
		KeyStore store = Objects.requireNonNull(Trust.exactly(List.of(publicAuthority.certificate())).store());
		Path file = directory.resolve("cacerts.p12");
		try (OutputStream out = Files.newOutputStream(file)) {
			store.store(out, "changeit".toCharArray());
		}
		System.setProperty("javax.net.ssl.trustStore", file.toString());
		System.setProperty("javax.net.ssl.trustStorePassword", "changeit");
	}

	@AfterAll
	static void restoreDefaultTrust() {
		System.clearProperty("javax.net.ssl.trustStore");
		System.clearProperty("javax.net.ssl.trustStorePassword");
	}

	@ParameterizedTest
	@EnumSource
	void serverThatTrustsNobodyRejectsEveryClientCertificate(Kind kind) throws Exception {
		Path kubeconfig = RotatingApplication.plane.writeKubeconfig(directory);
		Files.writeString(kubeconfig, Files.readString(kubeconfig)
			.replaceAll("certificate-authority-data: .*", "insecure-skip-tls-verify: true"));
		try (RotatingServer server = new RotatingServer(kind, "server.ssl.client-auth=need",
				"kubelet.cert.kubernetes.kubeconfig=" + kubeconfig)) {
			for (CertificatePair client : List.of(publicClient, server.pair("client"))) {
				assertThatIOException().isThrownBy(() -> get(server, client));
			}
			server.rotate("server");
			assertThatIOException().isThrownBy(() -> get(server, publicClient));
		}
	}

	private static String get(RotatingServer server, CertificatePair client) throws IOException {
		try (Connection connection = server.connect(client, "TLS")) {
			return connection.get();
		}
	}

}
