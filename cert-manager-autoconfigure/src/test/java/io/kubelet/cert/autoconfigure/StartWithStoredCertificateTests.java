package io.kubelet.cert.autoconfigure;

import java.io.File;
import java.io.IOException;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.Pem;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.TestAuthority;
import io.kubelet.cert.testsupport.TestStore;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.slf4j.LoggerFactory;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.EnableAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * An application with a good stored certificate, in a process of its own: what it loads
 * can be told, and the API server's port is closed.
 *
 * @see KubernetesConnection
 */
class StartWithStoredCertificateTests {

	private final TestAuthority authority = new TestAuthority("test");

	@TempDir
	Path directory;

	private final CertificatePair pair = this.authority.pair("app");

	@BeforeEach
	void store() {
		TestStore.files(this.directory, "kubelet-client", null, 5, Clock.systemUTC()).update(this.pair);
	}

	@ParameterizedTest
	@ValueSource(booleans = { false, true })
	void doesNotContactTheApiServerAndLoadsNeitherTheKubernetesClientNorBouncyCastle(boolean pkcs8) throws Exception {
		if (pkcs8) {
			// As other programs write it
			Files.writeString(this.directory.resolve("kubelet-client-current.pem"),
					"%s-----BEGIN PRIVATE KEY-----%n%s%n-----END PRIVATE KEY-----%n".formatted(
							Pem.write(List.of(this.pair.leaf())),
							Base64.getMimeEncoder().encodeToString(this.pair.privateKey().getEncoded())));
		}
		run(System.getProperty("java.class.path"), "-Xlog:class+load:file=" + this.directory.resolve("classes.log"));
		assertThat(this.directory.resolve("output.log")).content().doesNotContain("cannot be reached");
		List<String> loaded = Files.readAllLines(this.directory.resolve("classes.log"));
		assertThat(loaded)
			.anyMatch((line) -> line.contains("io.kubelet.cert.rotation.engine.RotatingCertificateManager"));
		assertThat(loaded).noneMatch((line) -> line.contains(" io.kubernetes.") || line.contains(" okhttp3.")
				|| line.contains(" org.bouncycastle."));
	}

	/**
	 * Without their files, since Spring introspects classes: the JVM then looks for each
	 * type that their methods name, whatever a filtered class loader hides.
	 */
	@ParameterizedTest
	@ValueSource(strings = { "jetty-(client|http2)", "jetty|reactor", "micrometer",
			"jetty|tomcat|netty|reactor|http-client|web|actuator|health|micrometer|Hikari|jdbc|r2dbc|amqp|rabbit|grpc|kafka|redis" })
	void startsWithoutLibrariesThatAreOptional(String libraries) throws Exception {
		Pattern removed = Pattern.compile(".*/[^/]*(" + libraries + ")[^/]*\\.jar");
		run(Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
			.filter(removed.asMatchPredicate().negate())
			.collect(Collectors.joining(File.pathSeparator)));
	}

	private void run(String classPath, String... options) throws Exception {
		List<String> command = new ArrayList<>(List.of(options));
		command.add(0, Path.of(System.getProperty("java.home"), "bin", "java").toString());
		command.addAll(
				List.of("-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", "-cp", classPath, Application.class.getName(),
						"--kubelet.cert.cert-dir=" + this.directory, "--kubelet.cert.template.common-name=app",
						"--kubelet.cert.signer-name=kubernetes.io/kube-apiserver-client",
						"--kubelet.cert.kubernetes.kubeconfig=" + kubeconfig(),
						"--management.endpoints.web.exposure.include=certificates"));
		Process process = new ProcessBuilder(command).redirectErrorStream(true)
			.redirectOutput(this.directory.resolve("output.log").toFile())
			.start();
		assertThat(process.waitFor(120, TimeUnit.SECONDS)).isTrue();
		assertThat(this.directory.resolve("output.log")).content().contains("started with the certificate of CN=app");
	}

	private Path kubeconfig() throws IOException {
		try (ServerSocket socket = new ServerSocket(0)) {
			Path file = CertificateContexts.writeKubeconfig(this.directory.resolve("kubeconfig"),
					"https://127.0.0.1:" + socket.getLocalPort());
			Path authority = Files.writeString(this.directory.resolve("ca.pem"),
					Pem.write(List.of(this.authority.certificate())));
			return Files.writeString(file,
					Files.readString(file).replace("{server:", "{certificate-authority: " + authority + ", server:"));
		}
	}

	@Configuration(proxyBeanMethods = false)
	@EnableAutoConfiguration
	static class Application {

		public static void main(String[] args) {
			try (ConfigurableApplicationContext context = new SpringApplicationBuilder(Application.class)
				.web(WebApplicationType.NONE)
				.run(args)) {
				LoggerFactory.getLogger(Application.class)
					.info("started with the certificate of {}",
							context.getBean(CertificateManager.class)
								.current()
								.orElseThrow()
								.leaf()
								.getSubjectX500Principal());
			}
		}

	}

}
