package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.util.concurrent.TimeUnit;

import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.autoconfigure.ssl.CertificateSslAutoConfiguration;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.FakeSigner;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.autoconfigure.AutoConfigurations;
import org.springframework.boot.autoconfigure.ssl.SslAutoConfiguration;
import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.test.context.runner.ApplicationContextRunner;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.Primary;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What happens before the registry's meters are bound, which is when all beans are there.
 */
class MetricsOfTheStartTests {

	@TempDir
	Path directory;

	@Test
	void attemptsThatFailBeforeTheFirstCertificateAreCounted() {
		new ApplicationContextRunner()
			.withConfiguration(AutoConfigurations.of(CertificateManagerAutoConfiguration.class,
					CertificateSslAutoConfiguration.class, CertificateActuatorAutoConfiguration.class,
					MetricsAutoConfiguration.class, SslAutoConfiguration.class))
			.withUserConfiguration(CertificateManagerAutoConfigurationTests.SignerConfiguration.class,
					FailingTwice.class)
			.withPropertyValues("kubelet.cert.cert-dir=" + this.directory, "kubelet.cert.template.common-name=app",
					"kubelet.cert.signer-name=example.com/app", "kubelet.cert.rotation.retry.initial-delay=10ms")
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				Awaitility.await().untilAsserted(() -> assertThat(failures(registry)).isEqualTo(2));
				FakeSigner signer = context.getBean(FakeSigner.class);
				signer.failsWith((request) -> new IllegalStateException("not today"));
				assertThat(context.getBean(CertificateManager.class).rotate()).failsWithin(120, TimeUnit.SECONDS);
				Awaitility.await().untilAsserted(() -> assertThat(failures(registry)).isGreaterThan(2));
			});
	}

	private static double failures(MeterRegistry registry) {
		return registry.get("kubelet.cert.failures")
			.functionCounters()
			.stream()
			.mapToDouble(FunctionCounter::count)
			.sum();
	}

	@Configuration(proxyBeanMethods = false)
	static class FailingTwice {

		private int attempts;

		@Bean
		MeterRegistry registry() {
			return new SimpleMeterRegistry();
		}

		@Bean
		@Primary
		SignerSource failingTwice(FakeSigner signer) {
			return (current) -> {
				if (this.attempts++ < 2) {
					throw RequestException.unavailable(null, "Unreachable", "no way", null, null);
				}
				return signer;
			};
		}

	}

}
