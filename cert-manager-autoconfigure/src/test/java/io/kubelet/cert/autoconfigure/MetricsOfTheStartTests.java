package io.kubelet.cert.autoconfigure;

import java.nio.file.Path;
import java.time.Clock;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;

import io.kubelet.cert.autoconfigure.actuate.CertificateActuatorAutoConfiguration;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.SignerSource;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.FakeSigner;
import io.micrometer.core.instrument.FunctionCounter;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.awaitility.Awaitility;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * What happens before the registry's meters are bound, which is when all beans are there.
 */
class MetricsOfTheStartTests {

	@TempDir
	Path directory;

	@Test
	void attemptsThatFailBeforeTheFirstCertificateAreCounted() {
		AtomicInteger failuresLeft = new AtomicInteger(2);
		FakeSigner signer = new FakeSigner(CertificateContexts.authority, Clock.systemUTC());
		CertificateContexts
			.runner(this.directory, CertificateActuatorAutoConfiguration.class, MetricsAutoConfiguration.class)
			.withBean(MeterRegistry.class, SimpleMeterRegistry::new)
			.withBean("failing", SignerSource.class, () -> (current) -> {
				if (failuresLeft.getAndDecrement() > 0) {
					throw RequestException.unavailable(null, "Unreachable", "no way", null, null);
				}
				return signer;
			}, (definition) -> definition.setPrimary(true))
			.withPropertyValues("kubelet.cert.rotation.retry.initial-delay=10ms")
			.run((context) -> {
				MeterRegistry registry = context.getBean(MeterRegistry.class);
				Awaitility.await().untilAsserted(() -> assertThat(failures(registry)).isEqualTo(2));
				failuresLeft.set(1);
				assertThat(context.getBean(CertificateManager.class).rotate()).failsWithin(120, TimeUnit.SECONDS);
				Awaitility.await().untilAsserted(() -> assertThat(failures(registry)).isEqualTo(3));
			});
	}

	private static double failures(MeterRegistry registry) {
		return registry.get("kubelet.cert.failures")
			.functionCounters()
			.stream()
			.mapToDouble(FunctionCounter::count)
			.sum();
	}

}
