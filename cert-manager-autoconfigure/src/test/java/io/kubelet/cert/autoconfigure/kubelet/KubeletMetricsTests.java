package io.kubelet.cert.autoconfigure.kubelet;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The metrics under the kubelet's names.
 *
 * @see KubeletMetrics
 */
class KubeletMetricsTests extends ManagerFixture {

	private final CertificateManager manager = builder().build();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	@Test
	void clientCertificateHasItsTimeToLiveAndItsFailedAttempts() {
		this.signer.holds();
		start(false).bindTo(this.registry);
		assertThat(timeToLive("client")).isEqualTo(Double.POSITIVE_INFINITY);
		answer(0);
		assertThat(timeToLive("client")).isEqualTo(3600);
		pass(Duration.ofMinutes(90));
		assertThat(timeToLive("client")).isEqualTo(-1800);
		assertThat(this.registry.get("kubelet.certificate.manager.client.expiration.renew.errors")
			.tag("certificate", "kubelet-client")
			.gauge()
			.value()).isEqualTo(this.failures.size()).isGreaterThan(1);
	}

	/** Alerts on these names come with the monitoring of Kubernetes. */
	@ParameterizedTest
	@CsvSource({ "false,kubelet_certificate_manager_client_expiration_renew_errors",
			"true,kubelet_server_expiration_renew_errors" })
	void failedAttemptsHaveTheKubeletsNameInPrometheus(boolean serving, String name) {
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		start(serving).bindTo(prometheus);
		assertThat(prometheus.scrape()).contains(name + "{certificate=");
	}

	@Test
	void servingCertificatesHaveTheServersNamesAndTheirAgeAtRotationIsRecorded() {
		KubeletMetrics metrics = start(true);
		List<MeterRegistry> registries = List.of(this.registry, new SimpleMeterRegistry());
		registries.forEach(metrics::bindTo);
		pass(Duration.ofMinutes(10));
		this.signer.denies();
		this.manager.rotate();
		this.time.settle();
		this.signer.issues();
		this.manager.rotate();
		this.time.settle();
		for (MeterRegistry each : registries) {
			assertThat(each.get("kubelet.server.expiration.renew.errors").gauge().value()).isOne();
			assertThat(age(each)).isEqualTo(600);
		}
		assertThat(timeToLive("server")).isEqualTo(3600);
		assertThat(this.registry.find("kubelet.certificate.manager.client.ttl.seconds").gauge()).isNull();
	}

	private static double age(MeterRegistry registry) {
		return registry.get("kubelet.certificate.manager.server.rotation.seconds").summary().totalAmount();
	}

	private double timeToLive(String kind) {
		return this.registry.get("kubelet.certificate.manager." + kind + ".ttl.seconds").gauge().value();
	}

	private KubeletMetrics start(boolean serving) {
		KubeletMetrics metrics = new KubeletMetrics(new CertificateManagers(List.of(this.manager)),
				Map.of(this.manager.name(), serving), this.time);
		this.manager.addListener(metrics);
		this.manager.start();
		this.time.settle();
		return metrics;
	}

}
