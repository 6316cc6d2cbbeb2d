package io.kubelet.cert.autoconfigure.actuate;

import java.time.Clock;
import java.util.List;
import java.util.Objects;

import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.micrometer.core.instrument.MeterRegistry;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;

/**
 * What operators see of a certificate, for tests of other packages.
 */
public final class Reports {

	private Reports() {
	}

	public static Health health(CertificateManager manager, Clock clock) {
		return Objects.requireNonNull(new CertificateHealthIndicator(manager, Status.UP, () -> null, clock).health());
	}

	public static void bindMetrics(CertificateManager manager, Clock clock, MeterRegistry registry) {
		new CertificateMetrics(new CertificateManagers(List.of(manager)), (name) -> Trust.system(), clock)
			.bindTo(registry);
	}

	/** The states whose gauge is 1. */
	static List<String> states(MeterRegistry registry) {
		return registry.get("kubelet.cert.state")
			.gauges()
			.stream()
			.filter((gauge) -> gauge.value() == 1)
			.map((gauge) -> String.valueOf(gauge.getId().getTag("state")))
			.toList();
	}

}
