package io.kubelet.cert.testsupport;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.rotation.SignerSource;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;

/**
 * Runs contexts with one certificate, its SSL bundle, and a signer that answers at once.
 */
public final class CertificateContexts {

	/** Signs the certificates. */
	public static final TestAuthority authority = new TestAuthority("test");

	private CertificateContexts() {
	}

	/** A runner with what the starter needs, and with further auto-configurations. */
	public static ApplicationContextRunner starter(Class<?>... autoConfigurations) {
		return new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, SslAutoConfiguration.class))
			.withConfiguration(AutoConfigurations.of(autoConfigurations));
	}

	/** A runner with one certificate and further auto-configurations. */
	public static ApplicationContextRunner runner(Path directory, Class<?>... autoConfigurations) {
		return starter(autoConfigurations)
			.withBean(SignerSource.class, () -> (current) -> new FakeSigner(authority, Clock.systemUTC()))
			.withPropertyValues("kubelet.cert.cert-dir=" + directory.resolve("pki"),
					"kubelet.cert.template.common-name=app", "kubelet.cert.signer-name=example.com/client",
					"kubelet.cert.startup.timeout=10s");
	}

	/** Writes a kubeconfig for a server, with a token and without authorities. */
	public static Path writeKubeconfig(Path file, String server) throws IOException {
		return Files.writeString(file, """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "%s"}}]
				users: [{name: u, user: {token: t}}]
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""".formatted(server));
	}

}
