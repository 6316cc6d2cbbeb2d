package io.kubelet.cert.autoconfigure.actuate;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

import io.kubelet.cert.certificate.CertificatePair;
import io.kubelet.cert.certificate.CertificateTemplate;
import io.kubelet.cert.certificate.Usage;
import io.kubelet.cert.request.RequestException;
import io.kubelet.cert.rotation.CertificateManager;
import io.kubelet.cert.rotation.RotationListener;
import io.kubelet.cert.testsupport.CertificateManagerBuilder;
import io.kubelet.cert.testsupport.FakeSigner;
import io.kubelet.cert.testsupport.MemoryStore;
import io.kubelet.cert.testsupport.SimulatedTime;
import io.kubelet.cert.testsupport.TestAuthority;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

import org.springframework.boot.health.contributor.Health;
import org.springframework.boot.health.contributor.Status;
import org.springframework.boot.test.system.CapturedOutput;
import org.springframework.boot.test.system.OutputCaptureExtension;

import static org.assertj.core.api.Assertions.assertThat;

/**
 * The health of a certificate through its life. Where the kubelet exits, listeners are
 * called.
 */
@ExtendWith(OutputCaptureExtension.class)
class CertificateHealthIndicatorTests {

	private final SimulatedTime time = new SimulatedTime(Instant.parse("2026-01-01T00:00:00Z"));

	private final FakeSigner signer = new FakeSigner(new TestAuthority("test"), this.time);

	private final List<String> unavailable = new ArrayList<>();

	private final List<String> told = new ArrayList<>();

	private final CertificateManager manager = new CertificateManagerBuilder("c").store(new MemoryStore())
		.scheduler(this.time)
		.executor(Runnable::run)
		.clock(this.time)
		.signerName("example.com/c")
		.usages(List.of(Usage.CLIENT_AUTH))
		.template(CertificateTemplate.ofSubject("c"))
		.signers((current) -> this.signer)
		.listener(new RotationListener() {

			@Override
			public void unavailable(String name) {
				CertificateHealthIndicatorTests.this.unavailable.add(name);
			}

			@Override
			public void overdue(String name, CertificatePair current) {
				CertificateHealthIndicatorTests.this.told.add("overdue");
			}

			@Override
			public void expired(String name, CertificatePair current) {
				CertificateHealthIndicatorTests.this.told.add("expired");
			}

		})
		.build();

	@Test
	void upWithACertificateAndDownOnceItHasExpired() {
		start();
		assertThat(health(Status.OUT_OF_SERVICE)).satisfies((health) -> {
			assertThat(health.getStatus()).isEqualTo(Status.UP);
			assertThat(health.getDetails()).containsEntry("lifetimeLeft", "100 %").doesNotContainKey("warning");
		});
		this.signer.holds();
		this.time.pass(Duration.ofHours(2));
		assertThat(health(Status.UP)).satisfies((health) -> {
			assertThat(health.getStatus()).isEqualTo(Status.DOWN);
			assertThat(health.getDetails().get("warning")).asString()
				.startsWith("The certificate expired at 2026-01-01T")
				.endsWith("Z: peers refuse it");
		});
	}

	@Test
	void overdueIsAsConfiguredAndWarnsWhateverTheLifetime() {
		for (Duration lifetime : List.of(Duration.ofMinutes(10), Duration.ofDays(365))) {
			CertificateHealthIndicatorTests test = new CertificateHealthIndicatorTests();
			test.signer.lifetime = lifetime;
			test.start();
			test.signer.holds();
			test.time.pass(lifetime.multipliedBy(91).dividedBy(100));
			assertThat(test.health(Status.UP).getStatus()).isEqualTo(Status.UP);
			assertThat(test.health(Status.OUT_OF_SERVICE)).satisfies((health) -> {
				assertThat(health.getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
				assertThat(health.getDetails()).containsEntry("lifetimeLeft", "9 %").containsKey("pendingRequest");
				assertThat(health.getDetails().get("warning")).asString()
					.startsWith("The rotation is overdue since 2026-")
					.contains("valid for another ");
			});
		}
	}

	/**
	 * One clock decides, so nobody is paged by one of them and finds the others green.
	 */
	@Test
	void healthMetricsLogAndEventAgreeWithinASecond(CapturedOutput output) {
		MeterRegistry registry = new SimpleMeterRegistry();
		Reports.bindMetrics(this.manager, this.time, registry);
		this.signer.lifetime = Duration.ofSeconds(100);
		start();
		this.signer.holds();
		this.time.pass(Duration.ofSeconds(90));
		assertThat(health(Status.OUT_OF_SERVICE).getStatus()).isEqualTo(Status.UP);
		assertThat(state(registry)).isEqualTo("ROTATING");
		assertThat(this.told).isEmpty();
		assertThat(output).doesNotContain("overdue");
		this.time.pass(Duration.ofMillis(1));
		assertThat(health(Status.OUT_OF_SERVICE).getStatus()).isEqualTo(Status.OUT_OF_SERVICE);
		assertThat(state(registry)).isEqualTo("OVERDUE");
		assertThat(this.told).containsExactly("overdue");
		assertThat(output).containsOnlyOnce("The certificate is overdue for rotation");
		this.time.pass(Duration.ofMillis(9999));
		assertThat(status()).isEqualTo(Status.UP);
		assertThat(output).doesNotContain("The certificate expired at");
		this.time.pass(Duration.ofMillis(1));
		assertThat(status()).isEqualTo(Status.DOWN);
		assertThat(state(registry)).isEqualTo("EXPIRED");
		assertThat(this.told).containsExactly("overdue", "expired");
		assertThat(output).containsOnlyOnce("The certificate expired at");
	}

	@Test
	void certificateThatIsNotValidYetHasItsBeginningAndAWarning() {
		start();
		this.signer.holds();
		this.time.setClock(Duration.ofDays(-2));
		assertThat(health(Status.UP)).satisfies((health) -> {
			assertThat(health.getStatus()).isEqualTo(Status.DOWN);
			assertThat(health.getDetails()).containsKey("notBefore");
			assertThat(health.getDetails().get("warning")).asString()
				.startsWith("The certificate is not valid before 20")
				.contains("and it is 2025-12-30T")
				.endsWith("Check the clock of this machine");
		});
	}

	@Test
	void downWithoutACertificateAndListenersAreCalledAfterFiveMinutesOfAHealthyServer() {
		this.signer.holds();
		start();
		assertThat(status()).isEqualTo(Status.DOWN);
		this.time.pass(Duration.ofMinutes(4));
		assertThat(this.unavailable).isEmpty();
		this.time.pass(Duration.ofMinutes(8));
		assertThat(status()).isEqualTo(Status.DOWN);
		assertThat(this.unavailable).containsExactly("c");
		this.signer.answers.get(0).complete(this.signer.issue(this.signer.requests.get(0)));
		this.time.settle();
		assertThat(status()).isEqualTo(Status.UP);
	}

	@Test
	void listenersAreNotCalledAsLongAsTheServerIsNotHealthy() {
		this.signer.silent();
		this.signer
			.failsWith((request) -> RequestException.unavailable(request.name(), "Unreachable", "no way", null, null));
		start();
		this.time.pass(Duration.ofMinutes(12));
		assertThat(this.manager.status().health().serverHealthy()).isFalse();
		assertThat(health(Status.UP).getDetails()).containsEntry("lastFailure", "Unreachable")
			.containsEntry("lastFailureMessage", "no way");
		assertThat(this.unavailable).isEmpty();
	}

	private void start() {
		this.manager.start();
		this.time.settle();
	}

	private static String state(MeterRegistry registry) {
		return registry.get("kubelet.cert.state")
			.gauges()
			.stream()
			.filter((gauge) -> gauge.value() == 1)
			.map((gauge) -> String.valueOf(gauge.getId().getTag("state")))
			.collect(Collectors.joining());
	}

	private Status status() {
		return health(Status.UP).getStatus();
	}

	private Health health(Status overdue) {
		return Objects.requireNonNull(new CertificateHealthIndicator(this.manager, overdue, this.time).health());
	}

}
