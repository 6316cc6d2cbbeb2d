package io.kubelet.cert.autoconfigure.actuate;

import java.time.Duration;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The kubelet's names, and that only certificates of a kubelet have them.
 */
class KubeletMetricsTests {

	private final ManagerFixture fixture = new ManagerFixture();

	private final CertificateManager manager = this.fixture.builder().build();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	@Test
	void certificateThatDoesNotDoTheWorkOfAKubeletHasNoneOfItsMetrics() {
		start(Map.of("another", false)).bindTo(this.registry);
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void clientCertificateHasItsTimeToLiveAndItsFailedAttempts() {
		this.fixture.signer.holds();
		start(Map.of("kubelet-client", false)).bindTo(this.registry);
		assertThat(timeToLive("client")).isEqualTo(Double.POSITIVE_INFINITY);
		this.fixture.answer(0);
		assertThat(timeToLive("client")).isEqualTo(3600);
		this.fixture.time.pass(Duration.ofMinutes(90));
		assertThat(timeToLive("client")).isEqualTo(-1800);
		assertThat(this.registry.get("kubelet.certificate.manager.client.expiration.renew.errors")
			.tag("certificate", "kubelet-client")
			.functionCounter()
			.count()).isEqualTo(this.fixture.failures.size()).isGreaterThan(1);
	}

	/** What happens before a registry is bound counts in each registry, once. */
	@Test
	void servingCertificatesHaveTheServersNamesAndTheirAgeAtRotationIsRecorded() {
		KubeletMetrics metrics = start(Map.of("kubelet-client", true));
		this.fixture.time.pass(Duration.ofMinutes(10));
		this.fixture.signer.denies();
		this.manager.rotate();
		this.fixture.time.settle();
		this.fixture.signer.issues();
		this.manager.rotate();
		this.fixture.time.settle();
		for (MeterRegistry each : List.of(this.registry, new SimpleMeterRegistry())) {
			metrics.bindTo(each);
			metrics.bindTo(each);
			assertThat(each.get("kubelet.server.expiration.renew.errors").functionCounter().count()).isOne();
			assertThat(age(each)).isEqualTo(600);
		}
		assertThat(timeToLive("server")).isEqualTo(3600);
		assertThat(this.registry.find("kubelet.certificate.manager.client.ttl.seconds").gauge()).isNull();
		this.fixture.time.pass(Duration.ofMinutes(5));
		this.manager.rotate();
		this.fixture.time.settle();
		assertThat(age(this.registry)).isEqualTo(600 + 300);
	}

	private static double age(MeterRegistry registry) {
		return registry.get("kubelet.certificate.manager.server.rotation.seconds").summary().totalAmount();
	}

	private double timeToLive(String kind) {
		return this.registry.get("kubelet.certificate.manager." + kind + ".ttl.seconds").gauge().value();
	}

	private KubeletMetrics start(Map<String, Boolean> serving) {
		KubeletMetrics metrics = new KubeletMetrics(new CertificateManagers(List.of(this.manager)), serving,
				this.fixture.time);
		this.manager.addListener(metrics);
		this.manager.start();
		this.fixture.time.settle();
		return metrics;
	}

}
