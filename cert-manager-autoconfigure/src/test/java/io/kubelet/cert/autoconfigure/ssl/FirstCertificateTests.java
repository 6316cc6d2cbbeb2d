package io.kubelet.cert.autoconfigure.ssl;

import java.time.Duration;
import java.util.concurrent.CompletableFuture;

import io.kubelet.cert.autoconfigure.CertificateManagerAutoConfiguration;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ClusterFixture;
import io.kubelet.cert.testsupport.OwnLog;
import io.kubelet.cert.testsupport.RisingTimeout;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.WebApplicationType;
import org.springframework.boot.autoconfigure.ImportAutoConfiguration;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.builder.SpringApplicationBuilder;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;
import org.springframework.context.ConfigurableApplicationContext;
import org.springframework.context.annotation.Configuration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatException;

/**
 * How an application attempts to obtain its first certificate while its start waits.
 *
 * @see FirstCertificate
 */
@ExtendWith(OutputCaptureExtension.class)
class FirstCertificateTests extends ClusterFixture {

	private ApplicationContextRunner runner;

	@BeforeEach
	void configure() {
		this.runner = CertificateContexts.starter()
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "kubelet.cert.pair-name=shop",
					"kubelet.cert.template.common-name=app",
					"kubelet.cert.signer-name=kubernetes.io/kube-apiserver-client",
					"kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory));
	}

	@Test
	void serverThatComesBackInTimeIsAskedInTime(CapturedOutput output) {
		RisingTimeout.from(Duration.ofSeconds(3), (timeout) -> {
			this.controlPlane.pause();
			CompletableFuture<?> back = CompletableFuture.runAsync(() -> {
				Awaitility.await().until(() -> output.getOut().contains("Attempt 1 failed"));
				this.controlPlane.resume();
			});
			this.runner
				.withPropertyValues("kubelet.cert.rotation.retry.initial-delay=10m",
						"kubelet.cert.rotation.retry.interval=10m", "kubelet.cert.startup.timeout=" + timeout)
				.run((context) -> assertThat(context).hasNotFailed());
			back.join();
			assertThat(output).containsPattern("There is no valid certificate yet: waiting up to \\d+s for it");
		});
	}

	/** As by SIGTERM while nobody signs. */
	@Test
	void startThatWaitsCanBeStopped() {
		CompletableFuture<ConfigurableApplicationContext> starting = new CompletableFuture<>();
		CompletableFuture<?> stop = starting.thenAcceptAsync((context) -> {
			Awaitility.await().until(() -> !this.controlPlane.openCertificateSigningRequests().isEmpty());
			context.close();
		});
		this.runner.withInitializer(starting::complete)
			.withPropertyValues("kubelet.cert.signer-name=example.com/absent", "kubelet.cert.startup.timeout=2m")
			.run((context) -> assertThat(context.getStartupFailure())
				.hasStackTraceContaining("Interrupted while waiting for certificate shop"));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(stop).succeedsWithin(Duration.ofMinutes(2));
	}

	/** The hook of a SIGTERM closes the context in the same way. */
	@Test
	void endOfAStartThatWaitsIsNoError(CapturedOutput output) {
		CompletableFuture<ConfigurableApplicationContext> starting = new CompletableFuture<>();
		CompletableFuture<?> stop = starting.thenAcceptAsync((context) -> {
			Awaitility.await().until(() -> !this.controlPlane.openCertificateSigningRequests().isEmpty());
			context.close();
		});
		assertThatException()
			.isThrownBy(() -> new SpringApplicationBuilder(Application.class).web(WebApplicationType.NONE)
				.initializers(starting::complete)
				.run("--kubelet.cert.cert-dir=" + this.directory.resolve("pki"), "--kubelet.cert.pair-name=shop",
						"--kubelet.cert.template.common-name=app", "--kubelet.cert.signer-name=example.com/absent",
						"--kubelet.cert.startup.timeout=2m",
						"--kubelet.cert.kubernetes.kubeconfig=" + this.controlPlane.writeKubeconfig(this.directory)));
		assertThat(Thread.interrupted()).isTrue();
		assertThat(stop).succeedsWithin(Duration.ofMinutes(2));
		assertThat(output).contains(
				"The start ends, because the application is shut down: Interrupted while waiting for certificate shop")
			.doesNotContain("Application run failed");
		assertThat(OwnLog.lines(output, "ERROR")).isEmpty();
	}

	@Configuration(proxyBeanMethods = false)
	@ImportAutoConfiguration({ CertificateManagerAutoConfiguration.class, CertificateSslAutoConfiguration.class,
			SslAutoConfiguration.class })
	static class Application {

	}

}
