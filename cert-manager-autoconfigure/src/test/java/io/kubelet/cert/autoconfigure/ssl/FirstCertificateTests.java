package io.kubelet.cert.autoconfigure.ssl;

import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.CompletableFuture;
import java.util.regex.Pattern;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.test.Credential;
import io.kubelet.cert.test.EmbeddedControlPlane;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.test.context.assertj.AssertableApplicationContext;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * How an application attempts to obtain its first certificate while its start waits.
 */
@ExtendWith(OutputCaptureExtension.class)
class FirstCertificateTests {

	private static final Pattern LAST_ATTEMPT = Pattern
		.compile("Attempt \\d+ failed; the application gives up in [12]s \\(there is no certificate yet\\): ");

	@TempDir
	Path directory;

	@AutoClose
	private final EmbeddedControlPlane controlPlane = EmbeddedControlPlane.start();

	private ApplicationContextRunner runner;

	@BeforeEach
	void configure() {
		this.runner = new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, SslAutoConfiguration.class))
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "kubelet.cert.pair-name=shop",
					"kubelet.cert.template.common-name=app",
					"kubelet.cert.signer-name=kubernetes.io/kube-apiserver-client",
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory));
	}

	@Test
	void pausesAreShorterThanTheTimeThatIsLeft(CapturedOutput output) {
		this.controlPlane.pause();
		ApplicationContextRunner patient = this.runner.withPropertyValues(
				"kubelet.cert.rotation.retry.initial-delay=10m", "kubelet.cert.rotation.retry.interval=10m");
		RisingTimeout.from(Duration.ofSeconds(3), (timeout) -> {
			patient.withPropertyValues("kubelet.cert.startup.timeout=" + timeout).run(FirstCertificateTests::fails);
			assertThat(output.getOut()).containsPattern("Attempt 2 failed").containsPattern(LAST_ATTEMPT);
			assertThat(output.getOut().lines().filter((line) -> line.contains(" failed")).toList()).last()
				.asString()
				.doesNotContain("retrying");
		});
	}

	@Test
	void serverThatComesBackInTimeIsAskedInTime(CapturedOutput output) {
		ApplicationContextRunner patient = this.runner.withPropertyValues(
				"kubelet.cert.rotation.retry.initial-delay=10m", "kubelet.cert.rotation.retry.interval=10m");
		RisingTimeout.from(Duration.ofSeconds(3), (timeout) -> {
			this.controlPlane.pause();
			CompletableFuture<?> back = CompletableFuture.runAsync(() -> {
				Awaitility.await().until(() -> output.getOut().contains("Attempt 1 failed"));
				this.controlPlane.resume();
			});
			patient.withPropertyValues("kubelet.cert.startup.timeout=" + timeout)
				.run((context) -> assertThat(context).hasNotFailed());
			back.join();
		});
	}

	@Test
	void mistakeInTheKubeconfigIsNotSaidToBeRetried(CapturedOutput output) {
		this.runner.withPropertyValues("kubelet.cert.kubernetes.context=absent").run(FirstCertificateTests::fails);
		assertThat(output).contains("[shop] Attempt 1 failed (there is no certificate yet): ");
		noRetryIsPromised(output);
	}

	@Test
	void missingPermissionIsNotSaidToBeRetried(CapturedOutput output) {
		Credential poor = this.controlPlane.addToken("poor", "poor");
		this.runner
			.withPropertyValues("kubelet.cert.kubernetes.kubeconfig="
					+ this.controlPlane.writeKubeconfig(this.directory.resolve("pki"), poor))
			.run(FirstCertificateTests::fails);
		assertThat(output).contains("[shop] Attempt 1 failed (there is no certificate yet): ");
		noRetryIsPromised(output);
	}

	@Test
	void failureInTheBackgroundIsRetried(CapturedOutput output) {
		this.controlPlane.pause();
		this.runner.withPropertyValues("kubelet.cert.startup.mode=background")
			.run((context) -> Awaitility.await()
				.untilAsserted(() -> assertThat(output).contains("[shop] Attempt 1 failed; retrying in ")));
	}

	private static void fails(AssertableApplicationContext context) {
		assertThat(context).hasFailed();
	}

	private static void noRetryIsPromised(CapturedOutput output) {
		assertThat(output).doesNotContain("retrying").doesNotContain("next attempt");
	}

}
