package io.kubelet.cert.autoconfigure.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The kubelet's names, and that only certificates of a kubelet have them.
 */
class KubeletMetricsTests {

	private static final Map<String, Boolean> CLIENT = Map.of("c", false);

	private static final Map<String, Boolean> SERVING = Map.of("c", true);

	private static final TestAuthority authority = new TestAuthority("test");

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FakeSigner signer = new FakeSigner(authority, this.time);

	private final MemoryStore store = new MemoryStore();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private @Nullable KubeletMetrics metrics;

	@Test
	void certificateThatDoesNotDoTheWorkOfAKubeletHasNoneOfItsMetrics() {
		start(Map.of("kubelet-client", false));
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void timeToLiveIsInfiniteWithoutACertificateThenCountsDownAndGoesBelowZero() {
		this.signer.holds();
		CertificateManager manager = start(CLIENT);
		assertThat(timeToLive("client")).isEqualTo(Double.POSITIVE_INFINITY);
		this.signer.answers.get(0).complete(this.signer.issue(this.signer.requests.get(0)));
		this.time.settle();
		assertThat(timeToLive("client")).isEqualTo(3600);
		this.time.pass(Duration.ofMinutes(90));
		assertThat(timeToLive("client")).isEqualTo(-1800);
		manager.stop();
	}

	@Test
	void failedAttemptsAreCounted() {
		this.signer
			.failsWith((request) -> RequestException.unavailable(request.name(), "Unreachable", "no way", null, null));
		start(CLIENT);
		this.time.pass(Duration.ofMinutes(2));
		assertThat(this.registry.get("kubelet.certificate.manager.client.expiration.renew.errors")
			.tag("certificate", "c")
			.functionCounter()
			.count()).isEqualTo(this.signer.requests.size()).isPositive();
	}

	@Test
	void servingCertificatesHaveTheServersNamesAndTheirAgeAtRotationIsRecorded() {
		CertificateManager manager = start(SERVING);
		assertThat(timeToLive("server")).isEqualTo(3600);
		this.time.pass(Duration.ofMinutes(10));
		manager.rotate();
		this.time.settle();
		assertThat(this.registry.get("kubelet.certificate.manager.server.rotation.seconds").summary().totalAmount())
			.isEqualTo(600);
		assertThat(this.registry.find("kubelet.server.expiration.renew.errors").functionCounter()).isNotNull();
		assertThat(this.registry.find("kubelet.certificate.manager.client.ttl.seconds").gauge()).isNull();
	}

	@Test
	void whatHappenedBeforeARegistryIsBoundCountsInEachRegistryOnce() {
		CertificateManager manager = manager();
		KubeletMetrics metrics = new KubeletMetrics(new CertificateManagers(List.of(manager)), SERVING, this.time);
		manager.addListener(metrics);
		manager.start();
		this.time.settle();
		this.time.pass(Duration.ofMinutes(10));
		this.signer
			.failsWith((request) -> RequestException.unavailable(request.name(), "Unreachable", "no way", null, null));
		manager.rotate();
		this.time.settle();
		this.signer.issues();
		manager.rotate();
		this.time.settle();
		for (MeterRegistry each : List.of(this.registry, new SimpleMeterRegistry())) {
			metrics.bindTo(each);
			metrics.bindTo(each);
			assertThat(each.get("kubelet.server.expiration.renew.errors").functionCounter().count()).isOne();
			assertThat(each.get("kubelet.certificate.manager.server.rotation.seconds").summary().totalAmount())
				.isEqualTo(600);
		}
	}

	private double timeToLive(String kind) {
		return this.registry.get("kubelet.certificate.manager." + kind + ".ttl.seconds").gauge().value();
	}

	private CertificateManager manager() {
		return new CertificateManagerBuilder("c").store(this.store)
			.scheduler(this.time)
			.executor(Runnable::run)
			.forcedInterval(Duration.ZERO)
			.clock(this.time)
			.random(() -> 0.5)
			.signerName("example.com/signer")
			.usages(List.of(Usage.SERVER_AUTH))
			.template(CertificateTemplate.ofSubject("c"))
			.signers((current) -> this.signer)
			.build();
	}

	private CertificateManager start(Map<String, Boolean> serving) {
		CertificateManager manager = manager();
		this.metrics = new KubeletMetrics(new CertificateManagers(List.of(manager)), serving, this.time);
		manager.addListener(this.metrics);
		this.metrics.bindTo(this.registry);
		manager.start();
		this.time.settle();
		return manager;
	}

}
