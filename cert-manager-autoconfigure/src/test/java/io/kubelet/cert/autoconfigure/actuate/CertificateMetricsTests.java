package io.kubelet.cert.autoconfigure.actuate;

import java.lang.reflect.Proxy;
import java.nio.file.Path;
import java.security.cert.X509Certificate;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

import io.kubelet.cert.actuate.BoundMeters;
import io.kubelet.cert.export.Exports;
import io.kubelet.cert.export.ExportedFiles;
import io.kubelet.cert.export.ExportSettings;
import io.kubelet.cert.autoconfigure.kubelet.KubeletMetrics;
import io.kubelet.cert.certificate.CertificateNames;
import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.ExternalText;
import io.kubelet.cert.certificate.trust.Trust;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.CertificateManagers;
import io.kubelet.cert.rotation.RotationEvent;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.ssl.FixedManager;
import io.kubelet.cert.ssl.LiveSslBundle;
import io.kubelet.cert.testsupport.CertificateContexts;
import io.kubelet.cert.testsupport.ManagerFixture;
import io.kubelet.cert.testsupport.ProjectFiles;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Tag;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

import org.springframework.boot.micrometer.metrics.autoconfigure.MetricsAutoConfiguration;
import org.springframework.boot.ssl.SslBundle;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The metrics of a certificate through its life, and their names.
 *
 * @see CertificateMetrics
 * @see PeerMetrics
 * @see io.kubelet.cert.actuate.BoundMeters
 */
class CertificateMetricsTests extends ManagerFixture {

	private static final String REFERENCE = ProjectFiles.read("docs/reference/metrics.md");

	private final MeterRegistry registry = new SimpleMeterRegistry();

	private Supplier<Trust> trust = Trust::system;

	/** One that timed out and is approved later has waited all the time. */
	@Test
	void rotationsAndTheTimeThatRequestsWaitedAreCounted() {
		this.signer.holds();
		start(this.registry);
		pass(Duration.ofMinutes(16));
		assertThat(this.registry.get("kubelet.cert.failures").tag("reason", "timed_out").functionCounter().count())
			.isOne();
		answer(1);
		assertThat(value("rotation.deadline")).isEqualTo(3600 * 0.7);
		pass(Duration.ofMinutes(43));
		assertThat(value("rotation.deadline")).isEqualTo(-60);
		answer(2);
		assertThat(this.registry.get("kubelet.cert.rotations").functionCounter().count()).isEqualTo(2);
		var wait = this.registry.get("kubelet.cert.request.wait").functionTimer();
		assertThat(wait.count()).isEqualTo(2);
		assertThat(wait.totalTime(TimeUnit.MINUTES)).isEqualTo(16 + 1);
	}

	/** What happens before a registry is bound counts in each registry. */
	@Test
	void informationIsThatOfTheCurrentCertificateInEachRegistry() {
		this.signer.denies();
		CertificateManager manager = builder().build();
		CertificateMetrics metrics = listening(manager);
		manager.start();
		this.time.settle();
		MeterRegistry other = new SimpleMeterRegistry();
		for (MeterRegistry each : List.of(this.registry, other)) {
			metrics.bindTo(each);
			assertThat(each.find("kubelet.cert.info").meters()).isEmpty();
		}
		this.signer.issues();
		pass(Duration.ofHours(2));
		for (MeterRegistry each : List.of(this.registry, other)) {
			assertThat(each.get("kubelet.cert.failures").tag("reason", "denied").functionCounter().count()).isOne();
			assertThat(each.get("kubelet.cert.request.wait").functionTimer().count()).isGreaterThan(1);
			var info = each.get("kubelet.cert.info").gauge();
			assertThat(info.value()).isOne();
			assertThat(info.getId().getTags()).containsExactlyInAnyOrder(Tag.of("certificate", "kubelet-client"),
					Tag.of("signer", SIGNER),
					Tag.of("issuer", ExternalText.issuer(manager.current().orElseThrow().leaf())),
					Tag.of("serial_number", manager.current().orElseThrow().serialNumber()),
					Tag.of("key_algorithm", "EC P-256"));
		}
	}

	/** The pair of another signer stays in use until it is due. */
	@Test
	void informationNamesTheIssuerOfThePairAndTheSignerOfTheNextOne() {
		CertificatePair old = this.authority.pair(TEMPLATE, START, START.plus(Duration.ofHours(10)));
		this.store.pair = old;
		start(builder().signerName("example.com/new").build(), this.registry);
		assertThat(this.registry.get("kubelet.cert.info")
			.tag("signer", "example.com/new")
			.tag("issuer", ExternalText.issuer(old.leaf()))
			.gauges()).hasSize(1);
		assertThat(ExternalText.issuer(old.leaf())).contains("authority");
	}

	@Test
	void pairOfAnotherProgramIsOfNoSigner() {
		this.store.pair = this.authority.pair(TEMPLATE, START, START.plus(Duration.ofHours(10)));
		start(withoutSigner().build(), this.registry);
		assertThat(this.registry.get("kubelet.cert.info").gauge().getId().getTag("signer")).isEmpty();
	}

	/** With thousands of certificates, each of which is rotated. */
	@Test
	void rotationUpdatesTheInformationOfItsOwnCertificate() {
		FixedManager other = new FixedManager(this.authority);
		AtomicInteger looks = new AtomicInteger();
		CertificateManager counting = (CertificateManager) Proxy.newProxyInstance(getClass().getClassLoader(),
				new Class<?>[] { CertificateManager.class }, (proxy, method, arguments) -> {
					looks.addAndGet(method.getName().equals("status") ? 1 : 0);
					return method.invoke(other, arguments);
				});
		CertificateManager manager = builder().build();
		CertificateMetrics metrics = new CertificateMetrics(new CertificateManagers(List.of(manager, counting)),
				(name) -> this.trust.get(), this.time);
		manager.addListener(metrics);
		metrics.bindTo(this.registry);
		assertThat(this.registry.find("kubelet.cert.info").gauges()).hasSize(1);
		looks.set(0);
		manager.start();
		this.time.settle();
		assertThat(this.registry.find("kubelet.cert.info").gauges()).hasSize(2);
		assertThat(looks).hasValue(0);
	}

	@Test
	void trustIsThatOfTheMoment() {
		List<X509Certificate> trusted = new ArrayList<>();
		this.trust = () -> Trust.exactly(trusted);
		start(this.registry);
		assertThat(value("trust.expiry")).isNaN();
		assertThat(authorities()).isZero();
		X509Certificate authority = this.authority.certificate();
		trusted.add(authority);
		trusted.add(new TestAuthority("other").certificate());
		assertThat(authorities()).isEqualTo(2);
		assertThat(value("trust.expiry"))
			.isEqualTo(Duration.between(this.time.instant(), authority.getNotAfter().toInstant()).toSeconds());
		this.trust = Trust::system;
		assertThat(authorities()).isEqualTo(Trust.system().authorities().size());
		assertThat(value("trust.expiry")).isNaN();
		this.trust = () -> {
			throw new IllegalStateException("no such bundle");
		};
		assertThat(authorities()).isNaN();
	}

	/** As that of another context, which goes on. */
	@Test
	void registryHasNoMetersOfAContextThatIsClosed(@TempDir Path directory) {
		CertificateContexts
			.runner(directory, CertificateActuatorAutoConfiguration.class, MetricsAutoConfiguration.class)
			.withBean(MeterRegistry.class, () -> this.registry)
			.withPropertyValues("kubelet.cert.profile=kubelet-serving", "kubelet.cert.node-name=n1",
					"kubelet.cert.addresses.source=fixed", "kubelet.cert.template.dns-names=n1")
			.run((context) -> {
				assertThat(meters()).contains("kubelet.cert.info", "kubelet.cert.state", "kubelet.cert.failures",
						"kubelet.certificate.manager.server.ttl.seconds",
						"kubelet.certificate.manager.server.rotation.seconds");
				List<RotationListener> listeners = List.of(context.getBean(CertificateMetrics.class),
						context.getBean(KubeletMetrics.class));
				CertificatePair pair = context.getBean(CertificateManager.class).current().orElseThrow();
				context.close();
				assertThat(meters()).isEmpty();
				listeners.forEach((late) -> late.onEvent(new RotationEvent.Rotated("kubelet-server", pair, pair)));
				assertThat(meters()).isEmpty();
			});
	}

	/** With thousands of certificates, a rotation looks at no other one. */
	@Test
	void rotationUpdatesThePeersOfItsOwnBundle() {
		TestAuthority first = new TestAuthority("first");
		List<X509Certificate> trusted = new ArrayList<>(List.of(first.certificate()));
		FixedManager manager = new FixedManager(first);
		SslBundle bundle = manager.register(() -> Trust.exactly(trusted), new SimulatedTime(Instant.EPOCH))
			.getBundle("bundle");
		AtomicInteger lookups = new AtomicInteger();
		PeerMetrics peers = new PeerMetrics(new CertificateManagers(List.of(manager)), (name) -> {
			lookups.incrementAndGet();
			return Optional.ofNullable(LiveSslBundle.of(bundle));
		});
		peers.bindTo(this.registry);
		trusted.add(new TestAuthority("second").certificate());
		manager.rotate();
		assertThat(this.registry.find("kubelet.cert.peers").tag("certificate", "test").gauges()).hasSize(2)
			.allSatisfy((gauge) -> assertThat(gauge.value()).isZero());
		assertThat(this.registry.find("kubelet.cert.peers.refused").functionCounters())
			.allSatisfy((counter) -> assertThat(counter.count()).isZero());
		assertThat(lookups).hasValue(1);
		peers.close();
		assertThat(meters()).isEmpty();
		manager.rotate();
		assertThat(meters()).isEmpty();
	}

	private Set<String> meters() {
		return this.registry.getMeters()
			.stream()
			.map((meter) -> meter.getId().getName())
			.filter((name) -> name.startsWith("kubelet."))
			.collect(Collectors.toSet());
	}

	@Test
	void namesInPrometheusAreThoseOfTheReference() {
		PrometheusMeterRegistry prometheus = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
		CertificateManager client = start(prometheus);
		CertificateManager server = builder().signerName("kubernetes.io/kubelet-serving")
			.usages(List.of())
			.template(TEMPLATE)
			.build();
		for (CertificateManager manager : List.of(client, server)) {
			new KubeletMetrics(new CertificateManagers(List.of(manager)), Map.of(manager.name(), manager == server),
					this.time)
				.bindTo(prometheus);
		}
		TestAuthority authority = new TestAuthority("one");
		SslBundle bundle = new FixedManager(authority)
			.register(() -> Trust.exactly(List.of(authority.certificate())), new SimulatedTime(Instant.EPOCH))
			.getBundle("bundle");
		PeerMetrics peers = new PeerMetrics(new CertificateManagers(List.of(client)),
				(name) -> Optional.ofNullable(LiveSslBundle.of(bundle)));
		peers.bindTo(prometheus);
		ExportedFiles files = new ExportedFiles("kubelet-client",
				new ExportSettings(Path.of("tls"), List.of(), null, Set.of(), null), Duration.ZERO, Runnable::run,
				this.time, this.time);
		new ExportMetrics(new Exports(Map.of("kubelet-client", files)), this.time, new BoundMeters())
			.bindTo(prometheus);
		assertThat(prometheus.scrape())
			.contains("kubelet_cert_peers{authority=\"%s\",certificate=\"kubelet-client\"} 0.0"
				.formatted(CertificateNames.fingerprint(authority.certificate())));
		assertThat(prometheus.scrape()).contains(
				"kubelet_cert_peers_refused_total{certificate=\"kubelet-client\",reason=\"not_accepted\",role=\"client\"} 0.0");
		assertThat(all("(?m)^(kubelet_\\w+)", prometheus.scrape())).isEqualTo(documented());
		assertThat(prometheus.scrape())
			.contains("kubelet_cert_failures_total{certificate=\"kubelet-client\",reason=\"");
		assertThat(all("reason=\"(\\w+)\"", prometheus.scrape())).isEqualTo(all("(?m)^\\| `(\\w+)`",
				REFERENCE.substring(REFERENCE.indexOf("## Reasons"), REFERENCE.indexOf("## Expressions"))));
	}

	private static Set<String> documented() {
		Set<String> names = new TreeSet<>();
		for (String row : REFERENCE.lines().toList()) {
			var name = Pattern.compile("`(kubelet_\\w+?)(_bucket|_count)?`((?:, `_\\w+`)*)").matcher(row);
			if (row.startsWith("| `") && name.find()) {
				names.add(name.group(1) + ((name.group(2) != null) ? name.group(2) : ""));
				all("(_\\w+)", name.group(3)).forEach((suffix) -> names.add(name.group(1) + suffix));
			}
		}
		return names;
	}

	private static Set<String> all(String pattern, String text) {
		return Pattern.compile(pattern)
			.matcher(text)
			.results()
			.map((match) -> match.group(1))
			.collect(Collectors.toCollection(TreeSet::new));
	}

	private CertificateManager start(MeterRegistry registry) {
		return start(builder().build(), registry);
	}

	private CertificateManager start(CertificateManager manager, MeterRegistry registry) {
		listening(manager).bindTo(registry);
		manager.start();
		this.time.settle();
		return manager;
	}

	private CertificateMetrics listening(CertificateManager manager) {
		CertificateMetrics metrics = new CertificateMetrics(new CertificateManagers(List.of(manager)),
				(name) -> this.trust.get(), this.time);
		manager.addListener(metrics);
		return metrics;
	}

	private double value(String name) {
		return this.registry.get("kubelet.cert." + name).tag("certificate", "kubelet-client").timeGauge().value();
	}

	private double authorities() {
		return this.registry.get("kubelet.cert.trust.authorities").gauge().value();
	}

}
