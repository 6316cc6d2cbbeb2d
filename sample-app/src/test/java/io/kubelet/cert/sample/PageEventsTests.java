package io.kubelet.cert.sample;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;

import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.DisabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.SpringApplication;
import org.springframework.context.ConfigurableApplicationContext;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What is sent to an open page when a certificate cannot be obtained has no secret in it:
 * neither what a credential plug-in printed nor the content of a damaged key.
 *
 * @see PageEvents
 */
@DisabledOnOs(OS.WINDOWS)
class PageEventsTests {

	private static final String SECRET = "s3cr3t-marker";

	@TempDir
	Path directory;

	@Test
	void reportTellsTheFailureAndNoSecret() throws Exception {
		Files.writeString(this.directory.resolve("kubelet-client-current.pem"),
				"-----BEGIN EC PRIVATE KEY-----\n" + SECRET + "\n-----END EC PRIVATE KEY-----\n");
		try (EmbeddedControlPlane plane = EmbeddedControlPlane.start();
				ConfigurableApplicationContext application = SpringApplication.run(SampleApplication.class,
						"--server.port=0", "--server.ssl.enabled=false", "--kubelet.cert.startup.mode=background",
						"--kubelet.cert.cert-dir=" + this.directory,
						"--kubelet.cert.kubernetes.kubeconfig=" + kubeconfig(plane))) {
			CertificateManagers managers = application.getBean(CertificateManagers.class);
			Awaitility.await()
				.atMost(Duration.ofMinutes(2))
				.until(() -> managers.get("kubelet-client").status().lastFailure() != null
						&& managers.get("kubelet-server").status().lastFailure() != null);
			assertThat(firstEvent(application.getEnvironment().getRequiredProperty("local.server.port")))
				.contains("kubelet-client", "kubelet-server", "failed with exit code 3", "the handshake failed")
				.doesNotContain(SECRET);
		}
	}

	/** With a plug-in that prints a secret to both of its outputs and fails. */
	private Path kubeconfig(EmbeddedControlPlane plane) throws IOException {
		Path plugIn = Files.writeString(this.directory.resolve("plug-in"),
				"#!/bin/sh\necho %1$s >&2; echo %1$s; exit 3\n".formatted(SECRET));
		Files.setPosixFilePermissions(plugIn, PosixFilePermissions.fromString("rwx------"));
		return Files.writeString(this.directory.resolve("config"),
				plane.kubeconfig(Credential.token("one", "TOKEN"))
					.replaceFirst("user:\\s+token: TOKEN",
							"user: {exec: {apiVersion: client.authentication.k8s.io/v1, command: ./plug-in}}"));
	}

	private static String firstEvent(String port) throws Exception {
		HttpRequest request = HttpRequest.newBuilder(URI.create("http://localhost:" + port + "/events")).build();
		try (BufferedReader lines = new BufferedReader(
				new InputStreamReader(HttpClient.newHttpClient().send(request, BodyHandlers.ofInputStream()).body(),
						StandardCharsets.UTF_8))) {
			String line = lines.readLine();
			while (line != null && !line.startsWith("data:")) {
				line = lines.readLine();
			}
			return String.valueOf(line);
		}
	}

}
