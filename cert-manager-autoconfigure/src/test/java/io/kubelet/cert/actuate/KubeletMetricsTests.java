package io.kubelet.cert.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;

import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.DefaultUsages;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.engine.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The kubelet's names, and that only certificates of a kubelet have them.
 */
class KubeletMetricsTests {

	private static final TestAuthority authority = new TestAuthority("test");

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FakeSigner signer = new FakeSigner(authority, this.time);

	private final MemoryStore store = new MemoryStore();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private @Nullable KubeletMetrics metrics;

	private Predicate<String> kubelet = (name) -> true;

	@Test
	void certificateThatDoesNotDoTheWorkOfAKubeletHasNoneOfItsMetrics() {
		this.kubelet = "kubelet-client"::equals;
		start("kubernetes.io/kubelet-serving");
		assertThat(this.registry.getMeters()).isEmpty();
	}

	@Test
	void timeToLiveIsInfiniteWithoutACertificateThenCountsDownAndGoesBelowZero() {
		this.signer.holds();
		CertificateManager manager = start("kubernetes.io/kube-apiserver-client-kubelet");
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
		start("kubernetes.io/kube-apiserver-client-kubelet");
		this.time.pass(Duration.ofMinutes(2));
		assertThat(this.registry.get("kubelet.certificate.manager.client.expiration.renew.errors")
			.tag("certificate", "c")
			.functionCounter()
			.count()).isEqualTo(this.signer.requests.size()).isPositive();
	}

	@Test
	void servingCertificatesHaveTheServersNamesAndTheirAgeAtRotationIsRecorded() {
		CertificateManager manager = start("kubernetes.io/kubelet-serving");
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
		CertificateManager manager = builder("kubernetes.io/kubelet-serving")
			.usages((template, key) -> DefaultUsages.of("kubernetes.io/kubelet-serving", template, key))
			.build();
		KubeletMetrics metrics = new KubeletMetrics(new CertificateManagers(List.of(manager)), this.kubelet, this.time);
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

	@ParameterizedTest(name = "{0}, {1}: {2}")
	@CsvSource(delimiter = '|', textBlock = """
			example.com/signer                          | digital signature,server auth | server
			example.com/signer                          | digital signature,client auth | client
			kubernetes.io/kubelet-serving               |                               | server
			kubernetes.io/kube-apiserver-client         |                               | client
			kubernetes.io/kube-apiserver-client-kubelet |                               | client
			""")
	void usagesDecideOfWhichKindACertificateIsBeforeThereIsOne(String signerName, @Nullable String usages,
			String kind) {
		this.signer.holds();
		CertificateManagerBuilder builder = builder(signerName);
		CertificateManager manager = start(
				(usages != null) ? builder.usages(Stream.of(usages.split(",")).map(Usage::of).toList())
						: builder.usages((template, key) -> DefaultUsages.of(signerName, template, key)));
		assertThat(timeToLive(kind)).isEqualTo(Double.POSITIVE_INFINITY);
		this.signer.answers.get(0).complete(this.signer.issue(this.signer.requests.get(0)));
		this.time.settle();
		assertThat(timeToLive(kind)).isEqualTo(3600);
		assertThat(manager.status().usages().contains(Usage.SERVER_AUTH)).isEqualTo(kind.equals("server"));
	}

	private double timeToLive(String kind) {
		return this.registry.get("kubelet.certificate.manager." + kind + ".ttl.seconds").gauge().value();
	}

	private CertificateManager start(String signerName) {
		return start(builder(signerName).usages((template, key) -> DefaultUsages.of(signerName, template, key)));
	}

	private CertificateManagerBuilder builder(String signerName) {
		return new CertificateManagerBuilder("c").store(this.store)
			.scheduler(this.time)
			.executor(Runnable::run)
			.forcedInterval(Duration.ZERO)
			.clock(this.time)
			.random(() -> 0.5)
			.signerName(signerName)
			.template(CertificateTemplate.ofSubject("c"))
			.signers((current) -> this.signer);
	}

	private CertificateManager start(CertificateManagerBuilder builder) {
		CertificateManager manager = builder.build();
		this.metrics = new KubeletMetrics(new CertificateManagers(List.of(manager)), this.kubelet, this.time);
		manager.addListener(this.metrics);
		this.metrics.bindTo(this.registry);
		manager.start();
		this.time.settle();
		return manager;
	}

}
