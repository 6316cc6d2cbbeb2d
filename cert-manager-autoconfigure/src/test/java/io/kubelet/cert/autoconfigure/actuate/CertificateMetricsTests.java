package io.kubelet.cert.autoconfigure.actuate;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificateManagerException.Kind;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The metrics of a certificate through its life, and their names.
 */
class CertificateMetricsTests {

	private static final Path REFERENCE = Path.of("../docs/reference/metrics.md");

	private final ManagerFixture fixture = new ManagerFixture();

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private Supplier<Trust> trust = Trust::system;

	@Test
	void gaugesFollowACertificateFromTheRequestToItsExpiry() {
		this.fixture.signer.holds();
		start(this.registry);
		assertThat(value("expiry")).isNaN();
		assertThat(value("lifetime")).isNaN();
		assertThat(states()).containsExactly("WAITING");
		this.fixture.time.pass(Duration.ofSeconds(30));
		assertThat(value("request.age")).isEqualTo(30);
		issue(0);
		assertThat(value("request.age")).isZero();
		assertThat(value("expiry")).isEqualTo(3600);
		assertThat(value("lifetime")).isEqualTo(3600);
		assertThat(value("rotation.deadline")).isEqualTo(3600 * 0.7);
		assertThat(states()).containsExactly("VALID");
		this.fixture.time.pass(Duration.ofMinutes(45));
		assertThat(value("rotation.deadline")).isEqualTo(3600 * -0.05);
		assertThat(states()).containsExactly("ROTATING");
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(states()).containsExactly("OVERDUE");
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(value("expiry")).isEqualTo(-300);
		assertThat(states()).containsExactly("EXPIRED");
	}

	@Test
	void rotationsAndTheTimeThatRequestsWaitedAreCounted() {
		this.fixture.signer.holds();
		start(this.registry);
		this.fixture.time.pass(Duration.ofSeconds(30));
		issue(0);
		this.fixture.time.pass(Duration.ofMinutes(43));
		issue(1);
		assertThat(this.registry.get("kubelet.cert.rotations").functionCounter().count()).isEqualTo(2);
		var wait = this.registry.get("kubelet.cert.request.wait").functionTimer();
		assertThat(wait.count()).isEqualTo(2);
		assertThat(wait.totalTime(TimeUnit.SECONDS)).isEqualTo(30 + 60);
	}

	@Test
	void requestThatTimesOutAndIsApprovedLaterHasWaitedAllTheTime() {
		this.fixture.signer.holds();
		start(this.registry);
		this.fixture.time.pass(Duration.ofMinutes(16));
		assertThat(failures("timed_out")).isOne();
		issue(1);
		assertThat(this.registry.get("kubelet.cert.request.wait").functionTimer().totalTime(TimeUnit.MINUTES))
			.isEqualTo(16);
	}

	@Test
	void pairThatAnotherProgramStoredIsNotCountedAsARotation() {
		start(this.registry);
		this.fixture.store.pair = this.fixture.pair(Duration.ZERO, Duration.ofHours(99));
		this.fixture.time.pass(Duration.ofMinutes(10));
		assertThat(value("lifetime")).isEqualTo(99 * 3600);
		assertThat(this.registry.get("kubelet.cert.rotations").functionCounter().count()).isOne();
		assertThat(this.registry.get("kubelet.cert.request.wait").functionTimer().count()).isOne();
	}

	@Test
	void failuresAreCountedByReasonsThatAreThereFromTheStart() {
		this.fixture.signer.failsWith((request) -> RequestException.denied("csr-1", "example.com/s",
				"WhateverTheApproverWrites", "not today"));
		start(this.registry);
		assertThat(failures("denied")).isOne();
		assertThat(this.registry.get("kubelet.cert.failures").meters()).hasSize(Kind.values().length);
		assertThat(failures("unavailable")).isZero();
		this.fixture.signer
			.failsWith((request) -> RequestException.unavailable("csr-1", "Unreachable", "no way", null, null));
		this.fixture.time.pass(Duration.ofMinutes(2));
		assertThat(failures("unavailable")).isPositive();
	}

	@Test
	void eventsBeforeARegistryIsBoundCountInEachRegistryOnce() {
		this.fixture.signer.failsWith((request) -> new IllegalStateException("broken"));
		CertificateManager manager = this.fixture.builder().build();
		CertificateMetrics metrics = listening(manager);
		manager.start();
		this.fixture.time.settle();
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofSeconds(10));
		for (MeterRegistry each : List.of(this.registry, new SimpleMeterRegistry())) {
			metrics.bindTo(each);
			metrics.bindTo(each);
			assertThat(each.get("kubelet.cert.failures").tag("reason", "other").functionCounter().count()).isOne();
			assertThat(each.get("kubelet.cert.request.wait").functionTimer().count()).isOne();
		}
	}

	@Test
	void attemptsFailSinceTheFirstFailureUntilARotation() {
		this.fixture.signer.failsWith((request) -> new IllegalStateException("broken"));
		start(this.registry);
		assertThat(value("failing")).isZero();
		this.fixture.time.pass(Duration.ofMinutes(5));
		assertThat(this.fixture.failures).hasSizeGreaterThan(1);
		assertThat(value("failing")).isEqualTo(300);
		this.fixture.signer.issues();
		this.fixture.time.pass(Duration.ofMinutes(1));
		assertThat(value("failing")).isZero();
	}

	@Test
	void informationIsThatOfTheCurrentCertificateInEachRegistry() {
		this.fixture.signer.holds();
		CertificateManager manager = this.fixture.builder().build();
		CertificateMetrics metrics = listening(manager);
		MeterRegistry other = new SimpleMeterRegistry();
		List.of(this.registry, other).forEach(metrics::bindTo);
		manager.start();
		this.fixture.time.settle();
		assertThat(this.registry.find("kubelet.cert.info").meters()).isEmpty();
		issue(0);
		this.fixture.time.pass(Duration.ofMinutes(43));
		issue(1);
		metrics.bindTo(this.registry);
		for (MeterRegistry each : List.of(this.registry, other)) {
			var info = each.get("kubelet.cert.info").gauge();
			assertThat(info.value()).isOne();
			assertThat(info.getId().getTags()).containsExactlyInAnyOrder(Tag.of("certificate", "kubelet-client"),
					Tag.of("signer", manager.status().requested().signerName()),
					Tag.of("serial_number", manager.current().orElseThrow().serialNumber()),
					Tag.of("key_algorithm", "EC P-256"));
		}
	}

	@Test
	void trustIsThatOfTheMoment() {
		List<X509Certificate> trusted = new ArrayList<>();
		this.trust = () -> Trust.exactly(trusted);
		start(this.registry);
		assertThat(value("trust.expiry")).isNaN();
		assertThat(authorities()).isZero();
		X509Certificate authority = this.fixture.authority.certificate();
		trusted.add(authority);
		trusted.add(new TestAuthority("other").certificate());
		assertThat(authorities()).isEqualTo(2);
		assertThat(value("trust.expiry"))
			.isEqualTo(Duration.between(this.fixture.time.instant(), authority.getNotAfter().toInstant()).toSeconds());
		this.trust = Trust::system;
		assertThat(authorities()).isEqualTo(Trust.system().authorities().size());
		assertThat(value("trust.expiry")).isNaN();
		this.trust = () -> {
			throw new IllegalStateException("no such bundle");
		};
		assertThat(authorities()).isNaN();
	}

	@Test
	void namesInPrometheusAreThoseOfTheReference() throws IOException {
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		CertificateManager client = start(prometheus);
		CertificateManager server = this.fixture.builder()
			.signerName("kubernetes.io/kubelet-serving")
			.usages(List.of())
			.template(ManagerFixture.TEMPLATE)
			.build();
		for (CertificateManager manager : List.of(client, server)) {
			new KubeletMetrics(new CertificateManagers(List.of(manager)), Map.of(manager.name(), manager == server),
					this.fixture.time)
				.bindTo(prometheus);
		}
		Set<String> reported = Pattern.compile("(?m)^(kubelet_\\w+)")
			.matcher(prometheus.scrape())
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
		assertThat(reported).isEqualTo(documented());
		assertThat(prometheus.scrape())
			.contains("kubelet_cert_failures_total{certificate=\"kubelet-client\",reason=\"");
		assertThat(reasons()).isEqualTo(Pattern.compile("reason=\"(\\w+)\"")
			.matcher(prometheus.scrape())
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new)));
	}

	private static Set<String> documented() throws IOException {
		Set<String> names = new TreeSet<>();
		for (String row : Files.readAllLines(REFERENCE)) {
			var name = Pattern.compile("`(kubelet_\\w+?)(_bucket|_count)?`((?:, `_\\w+`)*)").matcher(row);
			if (row.startsWith("| `") && name.find()) {
				names.add(name.group(1) + ((name.group(2) != null) ? name.group(2) : ""));
				Pattern.compile("_\\w+")
					.matcher(name.group(3))
					.results()
					.forEach((suffix) -> names.add(name.group(1) + suffix.group()));
			}
		}
		return names;
	}

	private static Set<String> reasons() throws IOException {
		String reference = Files.readString(REFERENCE);
		String table = reference.substring(reference.indexOf("## Reasons"), reference.indexOf("## Expressions"));
		return Pattern.compile("(?m)^\\| `(\\w+)`")
			.matcher(table)
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private CertificateManager start(MeterRegistry registry) {
		CertificateManager manager = this.fixture.builder().build();
		listening(manager).bindTo(registry);
		manager.start();
		this.fixture.time.settle();
		return manager;
	}

	private CertificateMetrics listening(CertificateManager manager) {
		CertificateMetrics metrics = new CertificateMetrics(new CertificateManagers(List.of(manager)),
				(name) -> this.trust.get(), this.fixture.time);
		manager.addListener(metrics);
		return metrics;
	}

	private void issue(int request) {
		this.fixture.signer.answers.get(request)
			.complete(this.fixture.signer.issue(this.fixture.signer.requests.get(request)));
		this.fixture.time.settle();
	}

	private double value(String name) {
		return this.registry.get("kubelet.cert." + name).tag("certificate", "kubelet-client").timeGauge().value();
	}

	private double authorities() {
		return this.registry.get("kubelet.cert.trust.authorities").gauge().value();
	}

	private double failures(String reason) {
		return this.registry.get("kubelet.cert.failures").tag("reason", reason).functionCounter().count();
	}

	private List<String> states() {
		return this.registry.get("kubelet.cert.state")
			.gauges()
			.stream()
			.filter((gauge) -> gauge.value() == 1)
			.map((gauge) -> String.valueOf(gauge.getId().getTag("state")))
			.toList();
	}

}
