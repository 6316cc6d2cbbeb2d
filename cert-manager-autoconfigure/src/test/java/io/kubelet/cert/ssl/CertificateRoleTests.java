package io.kubelet.cert.ssl;

import java.io.IOException;
import java.nio.file.Path;
import java.security.cert.X509Certificate;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Certificates that are presented as something for which they were not issued.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateRoleTests {

	/** The certificate {@code client} has a common name and {@code client auth} only. */
	@Test
	void serverWithTheCertificateOfAClientDoesNotStart() {
		Throwable failure = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client").close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll("server.ssl.bundle", "'client'",
				"is not one of a server: it contains neither a DNS name nor an IP address nor a URI",
				"'kubelet.cert.additional.client.template.dns-names'", "'kubelet.cert.additional.client.usages'");
	}

	@Test
	void serverThatDoesNotWaitForItsCertificateWarnsOnceIfItIsThatOfAClient(CapturedOutput output) throws Exception {
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client",
				"kubelet.cert.additional.client.startup.mode=background")) {
			Awaitility.await().until(() -> server.bean(CertificateManagers.class).get("client").current().isPresent());
			for (int connections = 0; connections < 2; connections++) {
				assertThatThrownBy(server::served).isInstanceOf(IOException.class);
			}
		}
		assertThat(output).containsOnlyOnce("of the SSL bundle 'client' was presented by a server, but it contains "
				+ "neither a DNS name nor an IP address nor a URI");
	}

	/** Otherwise the application could not start until the certificate expires. */
	@Test
	void storedCertificateOfAClientIsReplacedOnceTheTemplateIsThatOfAServer(@TempDir Path directory) throws Exception {
		String certDir = "kubelet.cert.cert-dir=" + directory;
		X509Certificate stored;
		try (RotatingApplication application = new RotatingApplication(certDir)) {
			stored = application.pair("client").leaf();
		}
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client", certDir,
				"kubelet.cert.additional.client.signer-name=kubernetes.io/kubelet-serving",
				"kubelet.cert.additional.client.template.dns-names=localhost")) {
			Awaitility.await().until(() -> !server.served().equals(stored));
			assertThat(server.served().getSubjectAlternativeNames()).hasSize(1);
		}
	}

	@Test
	void clientWithTheCertificateOfAServerWarnsOnceIfItIsAskedForIt(CapturedOutput output) throws Exception {
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, "server.ssl.client-auth=want")) {
			for (int connections = 0; connections < 2; connections++) {
				assertThatThrownBy(() -> connect(server)).isInstanceOf(IOException.class);
			}
		}
		assertThat(output).containsOnlyOnce(
				"of the SSL bundle 'server' was presented by a client, but it excludes 'client auth': peers may refuse it");
	}

	private static void connect(RotatingServer server) throws IOException {
		try (Connection connection = new Connection(server.bundle("server").createSslContext(), server.port(), null)) {
			connection.get();
		}
	}

}
