package io.kubelet.cert.autoconfigure;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;

import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * Tests for {@link CertificatePreinitializer}.
 */
class CertificatePreinitializerTests {

	private static final int END = -1;

	@AutoClose
	@SuppressWarnings("NullAway.Init")
	private ServerSocket server;

	@TempDir
	@SuppressWarnings("NullAway.Init")
	Path directory;

	@BeforeEach
	void startServer() throws IOException {
		this.server = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
		this.server.setSoTimeout(30_000);
	}

	@Test
	void connectsToTheApiServerWithoutARequestBeforeTheContextIsRefreshed() throws IOException {
		assertThat(firstByteBeforeRefresh()).isEqualTo(END);
	}

	@Test
	void connectsAsWellIfTheCertificateIsInASecret() throws IOException {
		assertThat(firstByteBeforeRefresh("--kubelet.cert.store.type=secret")).isEqualTo(END);
	}

	/**
	 * Starts an application that, before it has any bean, waits for a connection.
	 */
	private int firstByteBeforeRefresh(String... further) throws IOException {
		int[] read = { 0 };
		SpringApplicationBuilder application = new SpringApplicationBuilder(Application.class)
			.web(WebApplicationType.NONE)
			.properties("kubelet.cert.cert-dir=" + this.directory.resolve("pki"),
					"kubelet.cert.kubernetes.kubeconfig=" + kubeconfig(), "kubelet.cert.pair-name=app",
					"kubelet.cert.template.common-name=app", "kubelet.cert.signer-name=example.com/client",
					"kubelet.cert.startup.mode=background")
			.initializers((context) -> context.addBeanFactoryPostProcessor((factory) -> {
				try (Socket socket = this.server.accept()) {
					read[0] = socket.getInputStream().read();
					this.server.close();
				}
				catch (IOException ex) {
					throw new UncheckedIOException(ex);
				}
			}));
		try (ConfigurableApplicationContext context = application.run(further)) {
			assertThat(context.isRunning()).isTrue();
		}
		return read[0];
	}

	private Path kubeconfig() throws IOException {
		return Files.writeString(this.directory.resolve("kubeconfig"), """
				apiVersion: v1
				kind: Config
				clusters: [{name: c, cluster: {server: "http://127.0.0.1:%d"}}]
				users: [{name: u, user: {token: t}}]
				contexts: [{name: x, context: {cluster: c, user: u}}]
				current-context: x
				""".formatted(this.server.getLocalPort()));
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

	}

}
