package io.kubelet.cert.ssl;

import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Instant;
import java.util.List;
import java.util.stream.Stream;

import io.kubelet.cert.autoconfigure.StartFailures;
import io.kubelet.cert.autoconfigure.settings.CertificateSettings.Startup.Mode;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.ssl.RotatingServer.Kind;
import io.kubelet.cert.test.RecordedRequest;
import io.kubelet.cert.testsupport.TestAuthority;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

/**
 * Certificates that are presented as something for which they were not issued.
 *
 * @see TlsRole
 * @see io.kubelet.cert.autoconfigure.ServerCertificates
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateRoleTests {

	private static final TestAuthority authority = new TestAuthority("another");

	/** The certificate {@code client} has a common name and {@code client auth} only. */
	@Test
	void serverWithTheCertificateOfAClientDoesNotStart() {
		Throwable failure = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client").close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll("server.ssl.bundle", "'client'",
				"is not one of a server: it contains neither a DNS name nor an IP address nor a URI",
				"'kubelet.cert.additional.client.template.dns-names'", "'kubelet.cert.additional.client.usages'");
	}

	@Test
	void usagesThatExcludeAServerAreReportedBeforeACertificateIsRequested() {
		int creates = creates();
		Throwable failure = catchThrowable(
				() -> new RotatingServer(Kind.TOMCAT, "kubelet.cert.usages=client auth").close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll(
				"Property kubelet.cert.usages with value '[client auth]'", "'server.ssl.bundle'", "add 'server auth'");
		failure = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client",
				"kubelet.cert.additional.client.template.dns-names=localhost")
			.close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll("server.ssl.bundle", "'client'",
				"is not one of a server: it excludes 'server auth'", "'kubelet.cert.additional.client.signer-name'");
		assertThat(creates()).isEqualTo(creates);
	}

	private static int creates() {
		return RotatingApplication.plane.count(RecordedRequest::isCreate);
	}

	/** The JDK and OpenSSL take the name of a server from the common name. */
	@Test
	void serverWithACommonNameOnlyStartsIfAnotherProgramStoresItsCertificate(@TempDir Path directory) throws Exception {
		CertificatePair pair = authority.pair(CertificateTemplate.ofSubject("localhost"),
				Instant.now().minusSeconds(60), Instant.now().plusSeconds(3600));
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT, storedByAnother(directory, pair))) {
			HttpClient client = HttpClient.newBuilder()
				.sslContext(Connection.context(Pem.write(List.of(authority.certificate())), null, "TLS"))
				.build();
			assertThat(client.send(HttpRequest.newBuilder(server.uri()).build(), BodyHandlers.ofString()).body())
				.isEqualTo("none");
		}
	}

	@Test
	void serverWithTheCertificateOfAClientThatAnotherProgramStoresDoesNotStart(@TempDir Path directory)
			throws Exception {
		CertificatePair pair;
		try (RotatingApplication application = new RotatingApplication()) {
			pair = application.pair("client");
		}
		String[] properties = storedByAnother(directory, pair);
		Throwable failure = catchThrowable(() -> new RotatingServer(Kind.TOMCAT, properties).close());
		assertThat(StartFailures.property(failure)).hasMessageContainingAll("server.ssl.bundle",
				"is not one of a server: it excludes 'server auth'",
				"Have the program that writes its files store one of a server");
	}

	/** Applications may share a configuration. */
	@Test
	void propertiesOfAServerThatDoesNotExistAreNotChecked() {
		new RotatingApplication("server.ssl.bundle=client").close();
		new RotatingServer(Kind.TOMCAT, "management.server.ssl.bundle=client", "management.server.port=-1").close();
		new RotatingServer(Kind.TOMCAT, "server.ssl.bundle=client", "server.ssl.enabled=false").close();
	}

	private static String[] storedByAnother(Path directory, CertificatePair pair) throws IOException {
		Path file = Files.writeString(directory.resolve("pair.pem"), Pem.write(pair));
		return new String[] { "kubelet.cert.rotate-certificates=false", "kubelet.cert.tls-cert-file=" + file,
				"kubelet.cert.tls-private-key-file=" + file };
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
			Awaitility.await().until(() -> !server.pair("client").leaf().equals(stored));
			assertThat(server.served().getSubjectAlternativeNames()).hasSize(1);
		}
	}

	/** Otherwise the start would fail until somebody deletes the files. */
	@ParameterizedTest
	@EnumSource(Mode.class)
	void storedCertificateOfAClientIsReplacedOnceItsUsagesAreThoseOfAServer(Mode mode, @TempDir Path directory,
			CapturedOutput output) throws Exception {
		RotatingApplication.plane.behavior().sign("example.com/any");
		String[] properties = { "kubelet.cert.cert-dir=" + directory,
				"kubelet.cert.additional.client.signer-name=example.com/any",
				"kubelet.cert.additional.client.template.dns-names=localhost",
				"kubelet.cert.additional.client.startup.mode=" + mode,
				"kubelet.cert.additional.client.usages=client auth" };
		X509Certificate stored;
		try (RotatingApplication application = new RotatingApplication(properties)) {
			Awaitility.await()
				.until(() -> application.bean(CertificateManagers.class).get("client").current().isPresent());
			stored = application.pair("client").leaf();
		}
		int creates = creates();
		properties[4] = "kubelet.cert.additional.client.usages=server auth";
		try (RotatingServer server = new RotatingServer(Kind.TOMCAT,
				Stream.concat(Stream.of("server.ssl.bundle=client"), Stream.of(properties)).toArray(String[]::new))) {
			if (mode == Mode.BACKGROUND) {
				Awaitility.await().until(() -> !server.pair("client").leaf().equals(stored));
			}
			assertThat(server.served()).isNotEqualTo(stored);
			assertThat(server.served().getExtendedKeyUsage()).containsExactly("1.3.6.1.5.5.7.3.1");
		}
		assertThat(creates()).isEqualTo(creates + 1);
		assertThat(output)
			.contains("[client] The stored certificate is not one of a server: it excludes 'server auth'");
		assertThat(output.getOut().contains("[client] There is no valid certificate of a server yet: waiting up to 1m"))
			.isEqualTo(mode == Mode.WAIT);
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
